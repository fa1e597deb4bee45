import { pause, withTimeout } from "../../shared/deadline.ts";
import type { Log } from "../log.ts";
import { readLines } from "./read_lines.ts";
import type { StartWorker, WorkerExit, WorkerProcess } from "./worker_process.ts";
import { parseStarted, workerEnvironment, type WorkerStarted } from "./worker_role.ts";

/** A worker that ran for this long has not failed at its start. */
const STABLE_MS = 60_000;
/** Exits in a row, each soon after the start, after which the parent gives up. */
const MAX_EARLY_EXITS = 5;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;
/** Beyond the worker's own time limit for stopping. */
const KILL_AFTER_MS = 15_000;

/** A worker cannot be kept running; `message` says which one, and what to do. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";

  constructor(message: string, readonly exitCode?: number) {
    super(message);
  }
}

export interface SupervisorDeps {
  startWorker: StartWorker;
  /** Gets whole lines of the standard error of all workers. */
  stderr(line: string): void;
  log: Log;
}

export interface SupervisorOptions {
  count: number;
  port: number;
  /** How long a worker takes to stop at most. */
  stopMs: number;
  /** Stops a start. */
  signal?: AbortSignal;
  stableMs?: number;
  firstPauseMs?: number;
}

export interface Supervisor {
  /** Of the first worker. */
  started: WorkerStarted;
  /** Rejects with WorkerError when a worker exits again and again. */
  failed: Promise<never>;
  reload(): void;
  /** Where each worker that serves has its metrics. */
  metricsUrls(): ReadonlyMap<number, string>;
  /** Stops all workers and waits until they have exited. */
  stop(): Promise<void>;
}

/**
 * Starts the workers, first only the one that migrates the database, and keeps them running.
 * Throws WorkerError if one does not start.
 */
export async function superviseWorkers(
  deps: SupervisorDeps,
  options: SupervisorOptions,
): Promise<Supervisor> {
  const { count, port, stopMs, stableMs = STABLE_MS, firstPauseMs = FIRST_PAUSE_MS } = options;
  const running = new Map<number, { process: WorkerProcess; gone: Promise<void> }>();
  const metricsUrls = new Map<number, string>();
  const stopping = new AbortController();
  const failure = Promise.withResolvers<never>();
  // A caller that does not wait for it is not interested.
  failure.promise.catch(() => {});

  /** Starts a worker. Resolves when it serves, or with its exit. */
  const start = async (worker: number): Promise<WorkerStarted | WorkerExit> => {
    const process = deps.startWorker(workerEnvironment({ worker, port }));
    const serves = Promise.withResolvers<WorkerStarted>();
    const output = Promise.all([
      readLines(process.stdout, (line) => {
        const started = parseStarted(line);
        if (started === undefined) return deps.stderr(line);
        if (started.metricsUrl !== undefined) metricsUrls.set(worker, started.metricsUrl);
        serves.resolve(started);
      }),
      readLines(process.stderr, deps.stderr),
    ]);
    const exit = process.exit.then(async (exit) => {
      await output.catch(() => {});
      return exit;
    });
    const gone = exit.then(() => {
      running.delete(worker);
      metricsUrls.delete(worker);
    });
    running.set(worker, { process, gone });
    return await Promise.race([serves.promise, exit]);
  };
  /** Starts a worker again whenever it has exited. */
  const keep = async (worker: number) => {
    for (let earlyExits = 0, startedAt = performance.now(); !stopping.signal.aborted;) {
      const { process, gone } = running.get(worker) ?? {};
      const exit = await process?.exit;
      await gone;
      if (stopping.signal.aborted) return;
      earlyExits = performance.now() - startedAt < stableMs ? earlyExits + 1 : 1;
      if (earlyExits >= MAX_EARLY_EXITS) {
        failure.reject(
          new WorkerError(
            `worker ${worker} exited ${earlyExits} times, each soon after its start. ` +
              "Its last messages are above: fix the cause, and start the server again.",
          ),
        );
        return;
      }
      const pauseMs = Math.min(firstPauseMs * 2 ** (earlyExits - 1), MAX_PAUSE_MS);
      deps.log("error", "worker_exited", { worker, ...describe(exit), restart_ms: pauseMs });
      await pause(pauseMs, stopping.signal);
      if (stopping.signal.aborted) return;
      startedAt = performance.now();
      const result = await start(worker);
      if (!("code" in result)) deps.log("info", "worker_started", { worker });
    }
  };
  const stop = async () => {
    stopping.abort();
    const all = [...running.values()];
    for (const { process } of all) process.kill("SIGTERM");
    await withTimeout(Promise.all(all.map(({ gone }) => gone)), stopMs + KILL_AFTER_MS)
      .catch(async () => {
        for (const { process } of running.values()) process.kill("SIGKILL");
        await Promise.all(all.map(({ gone }) => gone));
      });
  };
  const startFirst = async (worker: number): Promise<WorkerStarted> => {
    const result = await start(worker);
    if (!("code" in result)) return result;
    throw new WorkerError(
      `worker ${worker} did not start (${exitText(result)}). Its messages are above.`,
      result.code,
    );
  };
  const interrupt = () => {
    for (const { process } of running.values()) process.kill("SIGTERM");
  };
  options.signal?.addEventListener("abort", interrupt, { once: true });
  try {
    const started = await startFirst(1);
    const others = Array.from({ length: count - 1 }, (_, index) => startFirst(index + 2));
    await Promise.all(others);
    for (let worker = 1; worker <= count; worker++) void keep(worker);
    options.signal?.removeEventListener("abort", interrupt);
    return {
      started,
      failed: failure.promise,
      metricsUrls: () => metricsUrls,
      reload() {
        for (const { process } of running.values()) process.kill("SIGHUP");
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(exit: WorkerExit | undefined): { code?: number; signal?: string } {
  if (exit === undefined) return {};
  return exit.signal === null ? { code: exit.code } : { signal: exit.signal };
}

function exitText({ code, signal }: WorkerExit): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}
