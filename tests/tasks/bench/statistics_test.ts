import assert from "node:assert/strict";
import { median, ratios, shuffled, spread } from "../../../tasks/bench/statistics.ts";

Deno.test("a ratio is that of the values of the same round", () => {
  // The machine was half as fast in the second round.
  assert.deepEqual(ratios([100, 50, 90], [50, 25, 100]), [2, 2, 0.9]);
});

Deno.test("the median does not depend on the order, nor on outliers", () => {
  const values = [3, 1000, 1, 2, 4];
  assert.equal(median(values), 3);
  assert.deepEqual(values, [3, 1000, 1, 2, 4], "the values were reordered");
  assert.equal(median([1, 2, 3, 4]), 3);
});

Deno.test("the spread is the least and the most", () => {
  assert.deepEqual(spread([2, 0.5, 1]), [0.5, 2]);
});

Deno.test("shuffling keeps all", () => {
  assert.deepEqual(shuffled([1, 2, 3, 4]).sort(), [1, 2, 3, 4]);
});
