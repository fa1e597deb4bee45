import assert from "node:assert/strict";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";

Deno.test("withTimeout returns the result of work that is done in time", async () => {
  assert.equal(await withTimeout(Promise.resolve(1), 10_000), 1);
  await assert.rejects(withTimeout(Promise.reject(new RangeError()), 10_000), RangeError);
});

Deno.test("withTimeout rejects after the time is up, and ignores a later failure", async () => {
  const work = Promise.withResolvers<void>();
  await assert.rejects(withTimeout(work.promise, 1), TimeoutError);
  work.reject(new Error("too late"));
});
