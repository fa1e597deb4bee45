// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * `deno task bench [PART…] [--quick] [--seconds N] [--rounds N] [--peers NAMES] [--json FILE]`:
 * what the program costs, as ratios within one run. Without parts, all of them, about 40 minutes;
 * with `--quick`, a few rounds of those that need neither minutes nor the compiled program.
 *
 * - `operations`: rates and waiting times beside other products
 * - `waiting`: polls of 10,000 logins that wait for approval, each at its interval
 * - `cost`: processor time of a token check beside the same answer of a bare server
 * - `checks`: token checks by size of the table; about five minutes
 * - `writes`: writes of the store beside the bare statements that they need
 * - `profile`: which functions the processor time of frequent requests is spent in
 * - `growth`: from a thousand tokens and audit events to a million
 * - `startup`, `workers` (`serve --workers`)
 *
 * Only 127.0.0.1 is used, except for what npm and the system's packages provide.
 */
import { parseArgs } from "node:util";
import type { Choice } from "./bench/choice.ts";
import { benchCost } from "./bench/cost.ts";
import { benchGrowth } from "./bench/growth.ts";
import { benchOperations } from "./bench/operations.ts";
import { benchProfile } from "./bench/profile.ts";
import { benchStartup } from "./bench/startup.ts";
import { benchTokenChecks } from "./bench/token_checks.ts";
import { benchWaitingLogins } from "./bench/waiting_logins.ts";
import { benchWorkers } from "./bench/workers.ts";
import { benchWrites } from "./bench/writes.ts";

interface Size {
  seconds?: number;
  rounds?: number;
  logins?: number;
  growthRows?: number;
  /** Other products to compare with. */
  peers: Choice;
}

/** Each returns its figures, or whether its goals are met. */
const PARTS: Readonly<Record<string, (size: Size) => Promise<unknown>>> = {
  operations: ({ seconds = 3, rounds = 5, peers }) => benchOperations({ seconds, rounds, peers }),
  waiting: ({ seconds = 30, logins = 10_000, peers }) =>
    benchWaitingLogins({ seconds, logins, peers }),
  cost: ({ seconds = 1, rounds = 15 }) => benchCost({ seconds, rounds }),
  checks: ({ seconds = 2, rounds = 5 }) => benchTokenChecks({ seconds, rounds }),
  writes: ({ seconds = 0.4, rounds = 15 }) => benchWrites({ seconds, rounds }),
  profile: ({ seconds = 5 }) => benchProfile({ seconds }),
  growth: ({ seconds = 3, growthRows = 1_000_000 }) => benchGrowth({ seconds, rows: growthRows }),
  startup: ({ rounds = 30 }) => benchStartup({ rounds }),
  workers: ({ seconds = 5, rounds = 3 }) => benchWorkers({ seconds, rounds }),
};

const { positionals, values } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    seconds: { type: "string" },
    rounds: { type: "string" },
    peers: { type: "string" },
    json: { type: "string" },
  },
});
const unknown = positionals.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  console.error(`No part ${unknown}. Parts: ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}
const start = performance.now();
const numberOf = (text?: string) => text === undefined ? undefined : Number(text);
const size = {
  seconds: numberOf(values.seconds) ?? (values.quick ? 1 : undefined),
  rounds: numberOf(values.rounds) ?? (values.quick ? 1 : undefined),
  ...values.quick && { logins: 1000, growthRows: 10_000 },
  peers: values.peers?.split(",") ?? (values.quick ? "quick" as const : "all" as const),
};
/** The others need the compiled program, or minutes. */
const QUICK = ["operations", "waiting", "writes", "cost"];
const defaults = values.quick ? QUICK : Object.keys(PARTS);
const figures: Record<string, unknown> = {};
for (const name of positionals.length > 0 ? positionals : defaults) {
  figures[name] = await PARTS[name](size);
}
const load = Deno.loadavg().map((value) => value.toFixed(1)).join(", ");
console.log(`\n${((performance.now() - start) / 60_000).toFixed(1)} minutes; load ${load}`);
if (values.json !== undefined) {
  const result = { at: new Date().toISOString(), deno: Deno.version.deno, load, size, figures };
  await Deno.writeTextFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
}
Deno.exit(Object.values(figures).includes(false) ? 1 : 0);
