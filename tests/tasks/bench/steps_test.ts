import assert from "node:assert/strict";
import { percentile, runSteps } from "../../../tasks/bench/steps.ts";

Deno.test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 200 }, (_, n) => 200 - n);
  assert.equal(percentile(values, 50), 100);
  assert.equal(percentile(values, 99), 198);
  assert.equal(percentile([7], 99), 7);
});

Deno.test("as many clients run at the same time as the operation says", async () => {
  let [running, most] = [0, 0];
  const result = await runSteps({
    atATime: 3,
    async run() {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve));
      running--;
    },
  }, 0.5);
  assert.equal(most, 3);
  assert.ok(result.requests >= 3 && result.perSecond > 0 && result.p99 >= result.p50);
});

Deno.test("an operation that fails ends the run", async () => {
  const run = () => Promise.reject(new Error("401"));
  await assert.rejects(runSteps({ atATime: 2, run }, 1), /401/);
});
