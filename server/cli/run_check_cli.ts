import { brand } from "../../shared/brand.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { valueText } from "../../shared/list_text.ts";
import type { CaseName } from "../check_cli/case.ts";
import { check, type CheckOptions } from "../check_cli/check.ts";
import { CheckError, loginCommand } from "../check_cli/log_in.ts";
import type { ServerIo } from "../io.ts";
import { checkOutput, printJson, printReport } from "./check_cli_output.ts";
import { reportFailure, reportUsage } from "./failure.ts";

interface Flags {
  login?: string;
  env?: readonly string[];
  clientId?: string;
  scope?: readonly string[];
  runs: string;
  parallel: string;
  only?: readonly CaseName[];
  seed?: string;
  lifetime: string;
  timeout: string;
  json?: boolean;
}

const MAX_RUNS = 10_000_000;
const MAX_PARALLEL = 500;
const MAX_SEED = 2 ** 31;

/** `check-cli`: whether a command keeps its login, its secrets and its time limit. */
export async function checkCli(
  command: readonly string[],
  flags: Flags,
  io: ServerIo,
): Promise<number> {
  const options = parseFlags(command, flags, io);
  if (typeof options === "string") return reportUsage(options, io);
  const output = checkOutput(options, io);
  try {
    const results = await check(options, io, output);
    const report = { ...options, results };
    if (flags.json) printJson(report, io);
    else printReport(report, io);
    return results.some(({ result }) => result === "failed") ? EXIT.failure : EXIT.ok;
  } catch (error) {
    output.clear();
    if (io.signal.aborted) return EXIT.interrupted;
    if (!(error instanceof CheckError)) return reportFailure(error, io);
    io.stderr(`Error: ${error.message}\n`);
    return EXIT.failure;
  }
}

/** The options, or what is wrong with the flags. */
function parseFlags(
  command: readonly string[],
  flags: Flags,
  io: Pick<ServerIo, "env">,
): CheckOptions | string {
  const login = loginCommand(flags.login, command);
  if (login === undefined) {
    return "how the command logs in is not known. Add --login, for example: " +
      "--login 'acme login --server {server}'";
  }
  const runs = parseNumber(flags.runs, MAX_RUNS);
  if (runs === undefined) return numberProblem("--runs", flags.runs, MAX_RUNS);
  const parallel = parseNumber(flags.parallel, MAX_PARALLEL);
  if (parallel === undefined) return numberProblem("--parallel", flags.parallel, MAX_PARALLEL);
  const seed = flags.seed === undefined ? newSeed() : parseNumber(flags.seed, MAX_SEED);
  if (seed === undefined) return numberProblem("--seed", flags.seed!, MAX_SEED);
  const lifetime = parseDurationSeconds(flags.lifetime);
  if (lifetime === undefined || lifetime < 2 || lifetime > 3600) {
    return `--lifetime ${valueText(flags.lifetime)} is not a duration from 2s to 1h.`;
  }
  const timeout = parseDurationSeconds(flags.timeout);
  if (timeout === undefined || timeout < 1 || timeout > 3600) {
    return `--timeout ${valueText(flags.timeout)} is not a duration from 1s to 1h.`;
  }
  const { clientId } = flags;
  if (clientId !== undefined && !/^[\w.-]{1,100}$/.test(clientId)) {
    return `--client-id ${valueText(clientId)} is not a valid id: use letters, digits, ., - and _.`;
  }
  const env: Record<string, string> = {};
  for (const text of flags.env ?? []) {
    const [name, ...value] = text.split("=");
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      return `--env ${valueText(text)} is not valid. Example: --env ACME_SERVER={server}`;
    }
    if (value.length === 0 && io.env[name] === undefined) {
      return `--env ${name}: this variable is not set. Set it, or add a value: --env ${name}=…`;
    }
    env[name] = value.length === 0 ? io.env[name] : value.join("=");
  }
  return {
    ...{ command, login, env, runs, parallel, seed, lifetime },
    clientId: clientId === brand.cliClientId ? undefined : clientId,
    scopes: flags.scope ?? [],
    only: flags.only ?? [],
    limitMs: timeout * 1000,
  };
}

function parseNumber(text: string, max: number): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= max ? number : undefined;
}

function numberProblem(flag: string, text: string, max: number): string {
  return `${flag} ${valueText(text)} is not a number from 1 to ${max}.`;
}

function newSeed(): number {
  return 1 + crypto.getRandomValues(new Uint32Array(1))[0] % 999_999;
}
