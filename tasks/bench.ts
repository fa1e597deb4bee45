// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * `deno task bench [SECONDS ROUNDS]`: what checking a token costs; about five minutes.
 * `deno task bench startup [ROUNDS]`: what starting the program costs; about two.
 * Only 127.0.0.1 is used, except for what npm and the system's packages provide.
 */
import { benchStartup } from "./bench/startup.ts";
import { benchTokenChecks } from "./bench/token_checks.ts";

const start = performance.now();
const isStartup = Deno.args[0] === "startup";
const numbers = Deno.args.slice(isStartup ? 1 : 0).map(Number);
const met = isStartup
  ? await benchStartup({ rounds: numbers[0] ?? 30 })
  : await benchTokenChecks({ seconds: numbers[0] ?? 2, rounds: numbers[1] ?? 5 });
console.log(`\n${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
Deno.exit(met ? 0 : 1);
