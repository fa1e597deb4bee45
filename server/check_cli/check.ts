/** Runs the cases against a command, and cleans up after it. */
import { join } from "node:path";
import type { ServerIo } from "../io.ts";
import { type Case, type CaseName, CASES } from "./case.ts";
import { CommandUnderTest, describeFailedRun } from "./command_under_test.ts";
import { type FaultProxy, startFaultProxy } from "./fault_proxy.ts";
import { Findings } from "./finding.ts";
import { CheckError, logIn } from "./log_in.ts";
import { type OwnServer, startOwnServer } from "./own_server.ts";
import { killLeftovers } from "./process_tree.ts";
import { type CaseResult, runCase } from "./run_case.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { brand } from "../../shared/brand.ts";

export interface CheckOptions {
  /** The command and its arguments, with placeholders. */
  command: readonly string[];
  /** The command that logs it in, with placeholders. */
  login: readonly string[];
  /** Variables to set for it, with placeholders. */
  env: Readonly<Record<string, string>>;
  /** Registered as a public client; undefined: the built-in one. */
  clientId?: string;
  scopes: readonly string[];
  runs: number;
  parallel: number;
  only: readonly CaseName[];
  seed: number;
  /** Of access tokens, in seconds. */
  lifetime: number;
  /** After which a run counts as hung. */
  limitMs: number;
}

export interface CheckProgress {
  /** What it does before the first case. */
  preparing(step: string): void;
  running(name: string, runs: number): void;
  finished(result: CaseResult): void;
}

/** Throws CheckError if the command cannot be tested, and the signal's reason. */
export async function check(
  options: CheckOptions,
  io: ServerIo,
  progress: CheckProgress,
): Promise<CaseResult[]> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "check-cli-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }).catch(() => {}));
  cleanUp.defer(() => killLeftovers(folder));
  if (Deno.build.os !== "windows") {
    // As most users have it: with another one, a file that everyone may read would not be noticed.
    const umask = Deno.umask(0o022);
    cleanUp.defer(() => void Deno.umask(umask));
  }
  const onAbort = () => progress.preparing("Interrupted: stopping the server");
  io.signal.addEventListener("abort", onAbort, { once: true });
  progress.preparing("Starting a server");
  const proxy = cleanUp.use(startFaultProxy());
  const { clientId, lifetime, scopes } = options;
  const dataDir = join(folder, "server");
  const server = cleanUp.use(
    await startOwnServer({ origin: proxy.origin, dataDir, lifetime, scopes, clientId }, io),
  );
  // First of all, so that the server has no request to wait for when it stops.
  cleanUp.use(proxy);
  proxy.upstreamPort = server.port;
  io.signal.throwIfAborted();
  return await runCases(options, { folder, proxy, server, cleanUp }, io, progress);
}

/** What the cases share. */
export interface CheckParts {
  /** Where the command gets its home. */
  folder: string;
  proxy: FaultProxy;
  server: OwnServer;
  /** Takes what the cases create. */
  cleanUp: AsyncDisposableStack;
}

export async function runCases(
  options: CheckOptions,
  { folder, proxy, server, cleanUp }: CheckParts,
  io: Pick<ServerIo, "signal" | "env">,
  progress: CheckProgress,
): Promise<CaseResult[]> {
  const { signal } = io;
  const system = { os: Deno.build.os, isRoot: Deno.build.os !== "windows" && Deno.uid() === 0 };
  const facts = { server: proxy.origin, clientId: options.clientId ?? brand.cliClientId };
  const withFacts = (text: string) =>
    text.replaceAll("{server}", facts.server).replaceAll("{client_id}", facts.clientId);
  const results: CaseResult[] = [];
  let current: { sandbox: Sandbox; command: CommandUnderTest } | undefined;

  /** In a new home, so that nothing is left of a login that was lost. */
  const prepare = async () => {
    progress.preparing("Logging in");
    const env = Object.fromEntries(
      Object.entries(options.env).map(([name, value]) => [name, withFacts(value)]),
    );
    const sandbox = cleanUp.use(
      await createSandbox(folder, facts, { path: io.env.PATH, more: env }),
    );
    const { limitMs } = options;
    const deps = { proxy, server, sandbox, limitMs, command: options.command.map(withFacts) };
    const command = cleanUp.adopt(new CommandUnderTest(deps), (command) => command.close());
    const onAbort = () => command.close();
    signal.addEventListener("abort", onAbort, { once: true });
    await logIn(options.login.map(withFacts), { ...deps, signal });
    const result = await command.run(0, new Findings());
    signal.throwIfAborted();
    if (result.code !== 0 || result.hung) {
      const reason = describeFailedRun(result, proxy.secrets);
      throw new CheckError(`the command fails right after its login: ${reason}`);
    }
    return { sandbox, command };
  };

  for (const test of CASES.filter(({ name }) => isRequested(name, options.only)) as Case[]) {
    const reason = test.unavailable?.(system);
    const result = reason !== undefined ? skipped(test, reason) : await runCase(test, {
      ...current ??= await prepare(),
      ...{ proxy, server, seed: options.seed, runs: options.runs, parallel: options.parallel },
      ...{ lifetimeMs: options.lifetime * 1000, signal },
      onProgress: (runs) => progress.running(test.name, runs),
    });
    signal.throwIfAborted();
    results.push(result);
    progress.finished(result);
    if (result.findings.some(({ code }) => code === "logged_out" || code === "hung")) {
      current?.command.close();
      current = undefined;
    }
  }
  return results;
}

function isRequested(name: CaseName, only: readonly CaseName[]): boolean {
  return only.length === 0 || only.includes(name);
}

function skipped({ name, summary }: Case, reason: string): CaseResult {
  const counts = { runs: 0, failedRuns: 0, refreshes: 0, faults: 0, durationMs: 0 };
  return { name, summary, result: "skipped", reason, ...counts, findings: [] };
}
