import type { Log } from "../log.ts";
import { logFailure } from "../request_log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  claimTask,
  finishTask,
  listDueTasks,
  releaseTask,
  renewTask,
} from "../store/housekeeping.ts";
import type { Replica } from "./replica.ts";

/** A periodic task, which one replica at a time runs. */
export interface HousekeepingTask {
  /** Recorded in the database and logged. */
  name: string;
  everyMs: number;
  /**
   * Returns how many rows it changed. Stops as soon as it can when `signal` is aborted: the server
   * stops, or another replica has taken the task over.
   */
  run(signal: AbortSignal): Promise<number>;
}

export interface HousekeepingDeps {
  sql: Sql;
  log: Log;
  replica: Replica;
  /** Undefined: runs are not counted. */
  metrics?: Pick<Metrics, "housekeepingRuns">;
}

/** How often a replica looks for tasks that are due; at random times, so that replicas take turns. */
const CHECK_INTERVAL_MS = 60_000;
/** After this time without a renewal, another replica takes the task over. */
const LEASE_MS = 60_000;
const MAX_ERROR_LENGTH = 500;

/** Runs the tasks that are due and that no other replica runs. A task that fails does not affect others. */
export async function runDueTasks(
  { sql, log, replica, metrics }: HousekeepingDeps,
  tasks: readonly HousekeepingTask[],
  signal: AbortSignal,
  leaseMs = LEASE_MS,
): Promise<void> {
  const due = new Set(await listDueTasks(sql, tasks));
  for (const task of tasks) {
    if (signal.aborted) return;
    if (!due.has(task.name)) continue;
    const lease = { task: task.name, holder: replica.id, leaseMs };
    try {
      if (!await claimTask(sql, { ...lease, everyMs: task.everyMs })) continue;
      const result = await runTask(sql, task, { lease, signal, log });
      metrics?.housekeepingRuns.increase({ task: task.name, result });
    } catch (error) {
      logFailure(log, "periodic_task_failed", error, { task: task.name });
    }
  }
}

async function runTask(
  sql: Sql,
  task: HousekeepingTask,
  { lease, signal, log }: {
    lease: { task: string; holder: string; leaseMs: number };
    signal: AbortSignal;
    log: Log;
  },
): Promise<"succeeded" | "failed" | "interrupted"> {
  const lost = new AbortController();
  // A renewal that fails is repeated before the lease expires.
  const renewal = setInterval(async () => {
    const isHeld = await renewTask(sql, lease).catch(() => true);
    if (!isHeld) lost.abort();
  }, lease.leaseMs / 3);
  const interrupted = AbortSignal.any([signal, lost.signal]);
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  try {
    const rows = await task.run(interrupted);
    if (interrupted.aborted) {
      await releaseTask(sql, lease);
      return "interrupted";
    }
    await finishTask(sql, { ...lease, durationMs: durationMs(), rows });
    return "succeeded";
  } catch (error) {
    logFailure(log, "periodic_task_failed", error, { task: task.name });
    const reason = (error as Error).message.slice(0, MAX_ERROR_LENGTH);
    await finishTask(sql, { ...lease, durationMs: durationMs(), rows: 0, error: reason });
    return "failed";
  } finally {
    clearInterval(renewal);
  }
}

/** Calls `runTasks` until stopped. Stopping interrupts a task between two batches. */
export function startHousekeeping(
  { log }: Pick<HousekeepingDeps, "log">,
  runTasks: (signal: AbortSignal) => Promise<void>,
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  let running = Promise.resolve();
  const schedule = () => {
    timer = setTimeout(() => {
      running = runTasks(stopped.signal)
        .catch((error) => logFailure(log, "periodic_task_failed", error, { task: "any" }))
        .finally(() => {
          if (!stopped.signal.aborted) schedule();
        });
    }, CHECK_INTERVAL_MS * (0.5 + Math.random()));
  };
  schedule();
  return {
    async stop() {
      stopped.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
