// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * `deno task bench [SECONDS ROUNDS]`: what checking a token costs; about five minutes.
 * `deno task bench startup [ROUNDS]`: what starting the program costs; about two.
 * `deno task bench logins [SECONDS]`: what a login in the browser costs; seconds.
 * `deno task bench workers [SECONDS ROUNDS]`: what `serve --workers` gains; two minutes.
 * Only 127.0.0.1 is used, except for what npm and the system's packages provide.
 */
import { benchBrowserLogins } from "./bench/browser_logins.ts";
import { benchStartup } from "./bench/startup.ts";
import { benchTokenChecks } from "./bench/token_checks.ts";
import { benchWorkers } from "./bench/workers.ts";

const start = performance.now();
const subject = ["startup", "logins", "workers"].find((name) => name === Deno.args[0]);
const numbers = Deno.args.slice(subject === undefined ? 0 : 1).map(Number);
const met = subject === "startup"
  ? await benchStartup({ rounds: numbers[0] ?? 30 })
  : subject === "logins"
  ? await benchBrowserLogins({ seconds: numbers[0] ?? 10 }).then(() => true)
  : subject === "workers"
  ? await benchWorkers({ seconds: numbers[0] ?? 5, rounds: numbers[1] ?? 3 }).then(() => true)
  : await benchTokenChecks({ seconds: numbers[0] ?? 2, rounds: numbers[1] ?? 5 });
console.log(`\n${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
Deno.exit(met ? 0 : 1);
