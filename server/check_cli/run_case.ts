/** One case: many runs under its faults, with a calm run now and then that must succeed. */
import { sleep } from "../../shared/sleep.ts";
import type { Case } from "./case.ts";
import { type CommandUnderTest, describeFailedRun } from "./command_under_test.ts";
import type { FaultProxy } from "./fault_proxy.ts";
import { type Finding, Findings } from "./finding.ts";
import type { OwnServer } from "./own_server.ts";
import { Random } from "./random.ts";
import type { CommandRun } from "./run_command.ts";
import type { Sandbox } from "./sandbox.ts";

export interface CaseResult {
  name: string;
  summary: string;
  result: "passed" | "failed" | "skipped";
  /** Why it was skipped. */
  reason?: string;
  runs: number;
  /** Runs that failed, as they may in some cases. */
  failedRuns: number;
  /** Refreshes that the server granted. */
  refreshes: number;
  /** Broken requests, killed runs and restarts. */
  faults: number;
  findings: Finding[];
  durationMs: number;
}

export interface CaseDeps {
  proxy: FaultProxy;
  server: OwnServer;
  sandbox: Sandbox;
  command: CommandUnderTest;
  seed: number;
  runs: number;
  parallel: number;
  lifetimeMs: number;
  signal: AbortSignal;
  onProgress(runs: number): void;
}

/** Between two calm runs: some logins are lost for good only when the next token is needed. */
const MIN_BATCH = 50;
const MAX_BATCHES = 20;
/** A command that hangs each time would take hours. */
const MAX_HUNG = 3;
/** A command may wait after an error before it tries again. */
const CALM_ATTEMPTS = 3;
const CALM_PAUSE_MS = 2000;

export async function runCase(test: Case, deps: CaseDeps): Promise<CaseResult> {
  const { proxy, signal } = deps;
  const startedAt = performance.now();
  const findings = new Findings();
  const before = { refreshes: proxy.refreshes, faults: proxy.faults };
  const counts = { runs: 0, failedRuns: 0, faults: 0 };
  proxy.rejection = undefined;
  await setClock(-(test.machineAhead ?? 0), deps);
  try {
    const size = Math.max(MIN_BATCH, Math.ceil(deps.runs / MAX_BATCHES));
    while (counts.runs < deps.runs && !isOver(findings)) {
      await runBatch(test, Math.min(deps.runs, counts.runs + size), { ...deps, counts, findings });
      signal.throwIfAborted();
      await calmRun(deps, counts.runs, findings);
    }
  } finally {
    await setClock(0, deps).catch(() => {});
  }
  const list = findings.list();
  return {
    name: test.name,
    summary: test.summary,
    result: list.length === 0 ? "passed" : "failed",
    runs: counts.runs,
    failedRuns: counts.failedRuns,
    refreshes: proxy.refreshes - before.refreshes,
    faults: proxy.faults - before.faults + counts.faults,
    findings: list,
    durationMs: Math.round(performance.now() - startedAt),
  };
}

/** A token of the time before would be valid for the command only, so it expires first. */
async function setClock(offset: number, deps: CaseDeps): Promise<void> {
  if (offset === deps.server.clockOffset) return;
  await untilExpired(deps);
  deps.server.clockOffset = offset;
}

/** Waits until every access token that was issued so far has expired. */
async function untilExpired(
  { proxy, lifetimeMs, signal }: Pick<CaseDeps, "proxy" | "lifetimeMs" | "signal">,
): Promise<void> {
  const remaining = proxy.lastIssuedAt + lifetimeMs + 300 - performance.now();
  if (remaining > 0) await sleep(remaining, signal);
}

/** Nothing is to be learned after a logout. */
function isOver(findings: Findings): boolean {
  return findings.count("logged_out") > 0 || findings.count("hung") >= MAX_HUNG;
}

interface BatchDeps extends CaseDeps {
  counts: { runs: number; failedRuns: number; faults: number };
  findings: Findings;
}

/** Runs the command until it has run `end` times, several at once, first with an expired token. */
async function runBatch(test: Case, end: number, deps: BatchDeps): Promise<void> {
  const { proxy, sandbox, command, seed, counts, findings, signal } = deps;
  const [firstRequest, firstRefresh] = [proxy.requests, proxy.requestedRefreshes];
  const batch = counts.runs;
  await untilExpired(deps);
  proxy.decide = test.fault && ((request) => {
    const random = new Random(seed, test.name, batch, "request", request.index - firstRequest);
    const refresh = request.refresh - firstRefresh;
    return test.fault!(random, { ...request, refresh }, deps.lifetimeMs);
  });
  const killer = test.kills ? new Killer(proxy) : undefined;
  if (test.readOnly) await sandbox.setWritable(false);
  const finished = new AbortController();
  const restarting = test.restarts ? restartServer(test, finished.signal, deps) : undefined;
  // It is awaited below, after the runs.
  restarting?.catch(() => {});
  const worker = async () => {
    while (counts.runs < end && !isOver(findings) && !signal.aborted) {
      const number = ++counts.runs;
      deps.onProgress(number);
      const random = new Random(seed, test.name, "run", number);
      const result = await command.run(number, findings, {
        fileLimit: test.fileLimits && random.pick(test.fileLimits),
        onStart: (run) => killer?.aim(run, random),
      });
      killer?.learn(result);
      if (result.killed) counts.faults++;
      if (proxy.rejection !== undefined) {
        const reason = `the server rejected the refresh token: ${proxy.rejection}`;
        if (!isOver(findings)) findings.add("logged_out", number, reason);
      } else if (!result.succeeded && !result.killed) {
        if (result.code !== 0) counts.failedRuns++;
        if (result.code !== 0 && !result.hung && !test.mayFail) {
          findings.add("failed", number, describeFailedRun(result, proxy.secrets));
        }
      }
    }
  };
  try {
    const parallel = Math.min(test.parallel ?? deps.parallel, deps.parallel);
    await Promise.all(Array.from({ length: parallel }, worker));
  } finally {
    finished.abort();
    killer?.close();
    await restarting;
    if (test.readOnly) await sandbox.setWritable(true);
    proxy.decide = undefined;
  }
}

/** Without faults and with an expired access token: the command must refresh it and print one. */
async function calmRun(deps: CaseDeps, number: number, findings: Findings): Promise<void> {
  const { proxy, server, command, signal } = deps;
  if (isOver(findings)) return;
  let failure = "";
  for (let attempt = 0; attempt < CALM_ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(CALM_PAUSE_MS, signal);
    await untilExpired(deps);
    const result = await command.run(number, findings, { strict: true });
    signal.throwIfAborted();
    if (result.succeeded || isOver(findings)) return;
    if (result.code === 0) return;
    failure = describeFailedRun(result, proxy.secrets);
  }
  const reason = proxy.rejection ??
    (await server.isActive(proxy.secrets.latestRefreshToken!)
      ? "the login is still valid at the server, but the command cannot use it"
      : "the login was revoked");
  findings.add("logged_out", number, `with nothing in its way: ${failure} (${reason})`);
}

/** Kills half of the runs, at any moment or just after the server has refreshed the token. */
class Killer {
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #waiting = new Map<CommandRun, number>();
  /** Of a run that was not killed, in ms. */
  #typicalMs = 200;

  constructor(private readonly proxy: FaultProxy) {
    proxy.onRefreshed = () => {
      for (const [run, delay] of this.#waiting) this.#killAfter(run, delay);
      this.#waiting.clear();
    };
  }

  aim(run: CommandRun, random: Random): void {
    if (random.chance(0.5)) return;
    if (random.chance(0.5)) {
      this.#killAfter(run, random.between(0, this.#typicalMs * 1.2));
    } else {
      this.#waiting.set(run, random.between(0, 20));
      run.result.finally(() => this.#waiting.delete(run));
    }
  }

  learn({ killed, durationMs }: { killed: boolean; durationMs: number }): void {
    if (!killed) this.#typicalMs += (durationMs - this.#typicalMs) / 4;
  }

  close(): void {
    this.proxy.onRefreshed = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #killAfter(run: CommandRun, ms: number): void {
    let over = false;
    run.result.finally(() => over = true);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // Its number may belong to another process by now.
      if (!over) run.kill();
    }, ms);
    this.#timers.add(timer);
  }
}

async function restartServer(
  test: Case,
  finished: AbortSignal,
  { proxy, server, seed, counts, signal }: BatchDeps,
): Promise<void> {
  const random = new Random(seed, test.name, counts.runs, "restarts");
  const stopped = AbortSignal.any([finished, signal]);
  for (let first = true; !stopped.aborted; first = false) {
    await sleep(random.between(0, first ? 300 : 3000), stopped).catch(() => {});
    if (stopped.aborted) return;
    const port = proxy.upstreamPort;
    proxy.upstreamPort = undefined;
    await server.stop();
    if (signal.aborted) return;
    await server.start();
    proxy.upstreamPort = port;
    counts.faults++;
  }
}
