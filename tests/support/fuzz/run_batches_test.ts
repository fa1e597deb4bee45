import assert from "node:assert/strict";
import fc from "fast-check";
import { hostileJson } from "./hostile_text.ts";
import { runBatches } from "./run_batches.ts";

const DEPTH = 3000;
const deep: unknown = JSON.parse("[".repeat(DEPTH) + "]".repeat(DEPTH));
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const options = { size: 2, seed: 1 };

for (const [name, value] of Object.entries({ deep, cyclic })) {
  Deno.test(`reports why a batch failed, and stops, with ${name} values`, async () => {
    const values = fc.constant(value);
    const failing = runBatches(values, options, () => Promise.reject(new Error("status 500")));
    await assert.rejects(failing, { message: "seed 1, batch 1: status 500" });
    await runBatches(values, options, () => Promise.resolve("enough"));
  });
}

Deno.test("runs the same batches for the same seed, until there are enough", async () => {
  const collect = async (seed: number) => {
    const batches: string[] = [];
    await runBatches(hostileJson, { size: 3, seed }, (batch) => {
      assert.equal(batch.length, 3);
      return Promise.resolve(batches.push(JSON.stringify(batch)) < 20 ? "more" : "enough");
    });
    return batches;
  };
  const first = await collect(7);
  assert.equal(first.length, 20);
  assert.deepEqual(await collect(7), first);
  assert.notDeepEqual(await collect(8), first);
});
