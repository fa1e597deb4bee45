/** The command, logged in, in a sandbox of its own. */
import { unverifiedExpiry } from "./token_expiry.ts";
import type { Findings } from "./finding.ts";
import type { FaultProxy } from "./fault_proxy.ts";
import type { IssuedSecrets } from "./issued_secrets.ts";
import type { OwnServer } from "./own_server.ts";
import { exposedSecrets } from "./process_tree.ts";
import { type CommandRun, runCommand, type RunResult } from "./run_command.ts";
import { readableSecrets, type Sandbox } from "./sandbox.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";

/** Pause between two looks at the running processes, in ms: with few of them, and with many. */
const WATCH_MS = { few: 10, many: 40 };
const FEW = 8;

/**
 * How long a printed token may have been expired, in ms. It may have been renewed by another
 * process and waited on a slow connection, which counts more with tokens that live for seconds.
 */
const EXPIRY_TOLERANCE_MS = 7000;

export interface CommandDeps {
  proxy: FaultProxy;
  server: OwnServer;
  sandbox: Sandbox;
  command: readonly string[];
  limitMs: number;
}

export interface CheckedRun extends RunResult {
  /** It exited with 0 and printed a valid token. */
  succeeded: boolean;
}

/** Runs the command and looks at everything it shows. */
export class CommandUnderTest {
  #live = new Set<CommandRun>();
  #watching?: ReturnType<typeof setTimeout>;

  constructor(private readonly deps: CommandDeps) {}

  /** `strict`: the printed token must be valid, not only have been until a moment ago. */
  async run(
    number: number,
    findings: Findings,
    { strict = false, fileLimit, onStart }: {
      strict?: boolean;
      fileLimit?: number;
      onStart?(run: CommandRun): void;
    } = {},
  ): Promise<CheckedRun> {
    const { server, sandbox, command, limitMs, proxy: { secrets } } = this.deps;
    const startedAt = server.now();
    const run = runCommand(fileLimit === undefined ? command : withFileLimit(command, fileLimit), {
      env: sandbox.env,
      cwd: Deno.cwd(),
      limitMs,
    });
    this.#live.add(run);
    this.#watch(number, findings);
    onStart?.(run);
    const result = await run.result.finally(() => this.#live.delete(run));
    this.#lookAtFiles(number, findings);
    lookAtOutput(result, number, findings, secrets);
    if (result.hung) {
      findings.add("hung", number, `it did not exit within ${Math.round(limitMs / 1000)} s`);
    }
    if (result.hung || result.killed || result.code !== 0) return { ...result, succeeded: false };
    const problem = await this.#tokenProblem(result.stdout, startedAt, strict);
    if (problem !== undefined) findings.add("invalid_token", number, problem);
    return { ...result, succeeded: problem === undefined };
  }

  killAll(): void {
    for (const run of this.#live) run.kill();
  }

  /** Stops to look at processes. */
  close(): void {
    this.killAll();
    clearTimeout(this.#watching);
  }

  #watch(number: number, findings: Findings): void {
    clearTimeout(this.#watching);
    if (this.#live.size === 0) return;
    const pids = [...this.#live].map(({ pid }) => pid).filter((pid) => pid > 0);
    for (const { code, program, kind } of exposedSecrets(pids, this.deps.proxy.secrets)) {
      const place = code === "secret_in_arguments" ? "the arguments" : "a variable";
      findings.add(code, number, `${article(kind)} is in ${place} of ${printable(program)}`);
    }
    this.#lookAtFiles(number, findings);
    const pause = this.#live.size <= FEW ? WATCH_MS.few : WATCH_MS.many;
    this.#watching = setTimeout(() => this.#watch(number, findings), pause);
  }

  #lookAtFiles(number: number, findings: Findings): void {
    const { sandbox: { folder }, proxy: { secrets } } = this.deps;
    for (const { path, mode } of readableSecrets(folder, secrets)) {
      findings.add(
        "readable_file",
        number,
        `${printable(path)} has a secret and mode ${mode}; only 0600 keeps it from other users`,
      );
    }
  }

  /** Why the output has no token that could be used when the command started. */
  async #tokenProblem(
    stdout: string,
    startedAt: number,
    strict: boolean,
  ): Promise<string | undefined> {
    const { server, proxy: { secrets } } = this.deps;
    const tokens = secrets.accessTokensIn(stdout);
    if (tokens.length === 0) {
      return stdout.trim() === ""
        ? "it exited with 0 and printed nothing"
        : "it exited with 0, and its output has no access token of the server";
    }
    const token = tokens[tokens.length - 1];
    const expiresAt = unverifiedExpiry(token);
    const expiredFor = startedAt - expiresAt;
    if (expiredFor >= (strict ? 0 : EXPIRY_TOLERANCE_MS)) {
      return `the printed token had expired ${Math.ceil(expiredFor / 1000)} s before the run`;
    }
    if (expiresAt <= server.now()) return undefined;
    // A server that restarts cannot say.
    const active = await server.isActive(token).catch(() => true);
    // That the login was revoked is a finding already.
    const isExplained = this.deps.proxy.rejection !== undefined || expiresAt <= server.now();
    return active || isExplained ? undefined : "the server does not accept the printed token";
  }
}

function lookAtOutput(
  { stdout, stderr }: RunResult,
  number: number,
  findings: Findings,
  secrets: IssuedSecrets,
): void {
  if (secrets.containsRefreshToken(stdout)) {
    findings.add("secret_in_output", number, "standard output has a refresh token");
  }
  for (const kind of secrets.kindsIn(stderr)) {
    findings.add("secret_in_output", number, `standard error has ${article(kind)}`);
  }
}

function article(kind: "refresh_token" | "access_token"): string {
  return kind === "refresh_token" ? "a refresh token" : "an access token";
}

/** Text of the command, which may be anything. */
export function printable(text: string): string {
  return sanitizeLine(text, 200) || "-";
}

/** Why a run failed, in one line without its secrets. */
export function describeFailedRun(
  { code, stderr, stdout, notStarted, hung }: RunResult,
  secrets: IssuedSecrets,
): string {
  if (notStarted !== undefined) return `it cannot be started: ${printable(notStarted)}`;
  if (hung) return "it did not exit in time";
  const lines = (stderr.trim() || stdout.trim()).split("\n");
  const line = lines.find((line) => /error/i.test(line)) ?? lines[lines.length - 1];
  const message = secrets.kindsIn(line).length > 0 ? "(its message has a secret)" : printable(line);
  return `exit code ${code}: ${message}`;
}

/**
 * Writing more fails as it does on a full disk: with the signal ignored, the system call returns an
 * error (POSIX.1-2024, setrlimit, RLIMIT_FSIZE).
 */
function withFileLimit(command: readonly string[], blocks: number): string[] {
  return ["/bin/sh", "-c", `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, "sh", ...command];
}
