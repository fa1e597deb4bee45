/** Invariant: a client with many tokens to check does not hold up the checks of others. */
import assert from "node:assert/strict";
import { inTurnOf } from "../../../server/request_context.ts";
import { DatabaseBusy } from "../../../server/store/db/statement_queue.ts";
import { BatchLoader } from "../../../server/validation/batch_loader.ts";

/** Reads that end on demand, and the keys of each. */
function scriptedReads() {
  const reads: string[][] = [];
  const ends: (() => void)[] = [];
  const loader = new BatchLoader<string>((keys) => {
    reads.push(keys);
    return new Promise((resolve) =>
      ends.push(() => resolve(new Map(keys.map((key) => [key, `value of ${key}`]))))
    );
  });
  return {
    reads,
    get: (line: string, key: string) => inTurnOf(() => line, () => loader.get(key)),
    async endAll() {
      await new Promise((resolve) => setTimeout(resolve, 0));
      while (ends.length > 0) {
        for (const end of ends.splice(0)) end();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
  };
}

Deno.test("lines take turns within a read", async () => {
  const { reads, get, endAll } = scriptedReads();
  const all = [];
  for (const key of ["first", "second", "third", "fourth"]) {
    all.push(get("a", key));
    // Each starts a read, and the others wait for one.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  all.push(...Array.from({ length: 1000 }, (_, index) => get("a", `a${index}`)));
  all.push(get("b", "b0"), get("c", "c0"), get("b", "b1"));
  await endAll();
  assert.deepEqual(reads.slice(0, 4), [["first"], ["second"], ["third"], ["fourth"]]);
  assert.deepEqual(reads[4].slice(0, 6), ["a0", "b0", "c0", "a1", "b1", "a2"]);
  assert.ok((await Promise.all(all)).every((value) => value?.startsWith("value of ")));
});

Deno.test("rejects the oldest key of the line with the most", async () => {
  const { get, endAll } = scriptedReads();
  const rejected: string[] = [];
  const keys = [
    ...Array.from({ length: 5000 }, (_, index) => ["a", `a${index}`]),
    ...Array.from({ length: 20 }, (_, index) => ["b", `b${index}`]),
  ];
  const all = keys.map(([line, key]) =>
    get(line, key).catch((error) => {
      assert.ok(error instanceof DatabaseBusy);
      rejected.push(key);
    })
  );
  await endAll();
  await Promise.all(all);
  assert.deepEqual(rejected, Array.from({ length: 20 }, (_, index) => `a${index}`));
});
