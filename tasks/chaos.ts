// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task chaos kills [--count N] [--seed N]`: kills a server with the embedded database at
 * random moments. Needs the compiled program: run `deno task test tests/e2e/durability_test.ts`
 * first. Exits with 1 if anything that was acknowledged is lost.
 */
import { parseArgs } from "node:util";
import { runKills } from "../tests/support/chaos/kills.ts";

const { values, positionals: [what] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    count: { type: "string", default: "1000" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? crypto.getRandomValues(new Int32Array(1))[0]);

async function kills(): Promise<readonly string[]> {
  const count = Number(values.count);
  console.log(`${count} kills, --seed ${seed}`);
  const { journal, slowestStartMs } = await runKills({
    count,
    seed,
    onProgress(done, { kills }) {
      if (done % 25 === 0 || done === count) console.log(`${done} kills:`, kills);
    },
  });
  console.log("acknowledged:", journal.counts);
  console.log(`${journal.tokens.length} tokens, slowest start ${Math.round(slowestStartMs)} ms`);
  return journal.faults;
}

if (what !== "kills") {
  console.error("Usage: deno task chaos kills [--count N] [--seed N]");
  Deno.exit(2);
}
const startedAt = performance.now();
const faults = await kills();
for (const fault of faults.slice(0, 50)) console.log(`FAULT ${fault}`);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`${faults.length} faults in ${seconds} s`);
Deno.exit(faults.length === 0 ? 0 : 1);
