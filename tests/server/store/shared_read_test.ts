/** Invariant: a shared read starts after those who get its result have asked. */
import assert from "node:assert/strict";
import { SharedRead } from "../../../server/store/db/shared_read.ts";

/** Reads that a test finishes one by one, in their order. */
function controlledRead() {
  const started: PromiseWithResolvers<string>[] = [];
  const shared = new SharedRead(() => {
    const read = Promise.withResolvers<string>();
    started.push(read);
    return read.promise;
  });
  return { shared, started };
}

Deno.test("a read starts at once if none is under way", async () => {
  const { shared, started } = controlledRead();
  for (const [index, text] of ["first", "second"].entries()) {
    const result = shared.get();
    assert.equal(started.length, index + 1);
    started[index].resolve(text);
    assert.equal(await result, text);
  }
});

Deno.test("those who ask during a read share the next one", async () => {
  const { shared, started } = controlledRead();
  const first = shared.get();
  const later = [shared.get(), shared.get()];
  assert.equal(started.length, 1);
  started[0].resolve("before");
  assert.equal(await first, "before");
  const latest = shared.get();
  assert.equal(started.length, 2);
  started[1].resolve("after");
  assert.deepEqual(await Promise.all(later), ["after", "after"]);
  started[2].resolve("latest");
  assert.equal(await latest, "latest");
});

Deno.test("a failed read fails only for those who share it", async () => {
  const { shared, started } = controlledRead();
  const first = shared.get();
  const second = shared.get();
  started[0].reject(new Error("lost"));
  await assert.rejects(first, /lost/);
  started[1].resolve("found");
  assert.equal(await second, "found");
});
