import assert from "node:assert/strict";
import { compare, type Run, type Runs } from "../../../tasks/bench/operation_rows.ts";

const run = (perSecond: number, serverUs: number): Run => ({
  ...{ requests: 4, failed: 1, perSecond, p50: 1, p99: 2, serverUs, databaseUs: 10 },
});

const runs: Runs = new Map([
  ["refresh", new Map([["ours", [run(10, 90)]]])],
  [
    "introspection",
    new Map([
      ["other", [run(10, 190), run(50, 190), run(30, 190)]],
      ["ours", [run(40, 90), run(100, 90), run(60, 90)]],
    ]),
  ],
  ["password sign-in", new Map([["other", [run(3, 1)]]])],
]);

Deno.test("compares each server with this program, in the order of the operations", () => {
  const rows = compare(runs, "ours");
  assert.deepEqual(rows.map(({ operation, server }) => `${operation} ${server}`), [
    "introspection ours",
    "introspection other",
    "refresh ours",
    "password sign-in other",
  ]);
  const [own, other, , alone] = rows;
  assert.equal(own.ratio, undefined);
  assert.equal(own.perSecond, 60);
  assert.equal(own.failed, 0.25);
  assert.deepEqual([other.ratio, other.spread], [2, [2, 4]]);
  assert.equal(other.processorRatio, 0.5);
  assert.equal(alone.ratio, undefined, "compared with nothing");
});
