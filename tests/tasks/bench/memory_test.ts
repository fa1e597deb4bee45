import assert from "node:assert/strict";
import { MemoryWatch } from "../../../tasks/bench/memory.ts";

Deno.test("memory is that at the start, the most, and that at the end", () => {
  const read = [10, 7];
  using watch = new MemoryWatch(1, () => read.shift()!);
  assert.deepEqual(watch.use(), { idle: 10, peak: 10, after: 7 });
});
