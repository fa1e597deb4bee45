// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task chaos [--minutes N] [--seed N]`: faults of PostgreSQL, of the network, of disks, clocks
 * and replicas, under load. `deno task chaos kills [--count N] [--seed N]`: kills a server with the embedded database at
 * random moments. `deno task chaos commands [--count N] [--seed N]`: kills migrations, backups,
 * restores, moves and rotations of keys, and repeats them. `deno task chaos patroni [--rounds N]`: switchovers and failovers by Patroni, which is
 * installed on Debian. Needs the compiled program: run `deno task test tests/e2e/durability_test.ts`
 * first. Exits with 1 if anything that was acknowledged is lost.
 */
import { parseArgs } from "node:util";
import { runChaos } from "../tests/support/chaos/run_chaos.ts";
import { runCommandKills } from "../tests/support/chaos/command_kills.ts";
import { backups } from "../tests/support/chaos/kill_backups.ts";
import { keyChanges } from "../tests/support/chaos/kill_key_changes.ts";
import { embeddedMigration, postgresMigration } from "../tests/support/chaos/kill_migrations.ts";
import { runPatroni } from "../tests/support/chaos/run_patroni.ts";
import { PATRONI_NEEDS, provideSystemPackages } from "./system_packages.ts";
import { runKills } from "../tests/support/chaos/kills.ts";

const { values, positionals: [what = "faults"] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    count: { type: "string", default: "1000" },
    minutes: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? crypto.getRandomValues(new Int32Array(1))[0]);

async function kills(): Promise<readonly string[]> {
  const count = Number(values.count);
  console.log(`${count} kills, --seed ${seed}`);
  let next = 25;
  const { journal, kills, slowestStartMs } = await runKills({
    count,
    seed,
    onProgress(done, { kills }) {
      if (done < next) return;
      next = done + 25;
      console.log(`${done} kills:`, JSON.stringify(kills));
    },
  });
  console.log("kills:", JSON.stringify(kills));
  console.log("acknowledged:", journal.counts);
  console.log(`${journal.tokens.length} tokens, slowest start ${Math.round(slowestStartMs)} ms`);
  return journal.faults;
}

async function commands(): Promise<readonly string[]> {
  const count = Number(values.count);
  console.log(`${count} rounds of killed commands, --seed ${seed}`);
  const { kills, finished, faults } = await runCommandKills({
    count,
    seed,
    scenarios: [embeddedMigration, postgresMigration, backups, keyChanges],
    only: Deno.env.get("ONLY")?.split(","),
    onProgress(done, { kills }) {
      if (done % 25 === 0 || done === count) console.log(`${done} rounds, kills:`, kills);
    },
  });
  console.log("kills:", kills, "finished before:", finished);
  return faults;
}

async function faults(): Promise<readonly string[]> {
  const minutes = Number(values.minutes);
  console.log(`${minutes} minutes, --seed ${seed}`);
  const startedAt = performance.now();
  const { journal, faults, searched } = await runChaos({
    seed,
    minutes,
    onFault(name, { journal }) {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      console.log(`${seconds} s: ${name};`, JSON.stringify(journal.counts));
    },
  });
  console.log("faults:", faults);
  console.log("acknowledged:", journal.counts);
  console.log(`searched for ${journal.secrets.size} secrets, characters:`, searched);
  return journal.faults;
}

async function patroni(): Promise<readonly string[]> {
  await provideSystemPackages(PATRONI_NEEDS, (line) => console.log(line));
  const { acknowledged, refused, gaps, faults } = await runPatroni({
    rounds: Number(values.rounds),
    onEvent: (event, ms) => console.log(`${event}: no login succeeded for ${ms} ms`),
  });
  console.log(`${acknowledged} logins acknowledged, ${refused} requests refused with 503`);
  console.log(`${gaps.length} events`);
  return faults;
}

const runs: Record<string, () => Promise<readonly string[]>> = {
  kills,
  commands,
  faults,
  patroni,
};
const runIt = runs[what];
if (runIt === undefined) {
  console.error(
    "Usage: deno task chaos [faults|kills|commands|patroni] [--minutes N] [--count N] [--rounds N] " +
      "[--seed N]",
  );
  Deno.exit(2);
}
const startedAt = performance.now();
const problems = await runIt();
for (const problem of problems.slice(0, 50)) console.log(`FAULT ${problem}`);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`${problems.length} faults in ${seconds} s`);
Deno.exit(problems.length === 0 ? 0 : 1);
