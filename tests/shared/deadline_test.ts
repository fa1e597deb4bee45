import assert from "node:assert/strict";
import { TimeoutError, untilAborted, withTimeout } from "../../shared/deadline.ts";

Deno.test("withTimeout returns the result of work that is done in time", async () => {
  assert.equal(await withTimeout(Promise.resolve(1), 10_000), 1);
  await assert.rejects(withTimeout(Promise.reject(new RangeError()), 10_000), RangeError);
});

Deno.test("withTimeout rejects after the time is up, and ignores a later failure", async () => {
  const work = Promise.withResolvers<void>();
  await assert.rejects(withTimeout(work.promise, 1), TimeoutError);
  work.reject(new Error("too late"));
});

Deno.test("untilAborted returns the result of work that is done before the signal aborts", async () => {
  const { signal } = new AbortController();
  assert.equal(await untilAborted(Promise.resolve(1), signal), 1);
  await assert.rejects(untilAborted(Promise.reject(new RangeError()), signal), RangeError);
});

Deno.test("untilAborted rejects with the signal's reason, and ignores a later failure", async () => {
  const work = Promise.withResolvers<void>();
  const controller = new AbortController();
  const waiting = untilAborted(work.promise, controller.signal);
  controller.abort(new RangeError());
  await assert.rejects(waiting, RangeError);
  await assert.rejects(untilAborted(work.promise, controller.signal), RangeError);
  work.reject(new Error("too late"));
});
