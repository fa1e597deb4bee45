import { eraseEvents } from "./audit/erase_events.ts";
import { maintainAuditLog } from "./audit/maintain.ts";
import { type CleanUpDeps, deleteOldRows, deleteUnusedLogins, DELETIONS } from "./cleanup.ts";
import { type ExpiryRemindersDeps, sendExpiryReminders } from "./pats/expiry_reminders.ts";
import {
  type HousekeepingDeps,
  type HousekeepingTask,
  runDueTasks,
  startHousekeeping,
} from "./replicas/housekeeping.ts";
import type { Rechecks } from "./shared_signals/rechecks.ts";
import { buildConcurrently } from "./store/db/concurrent_indexes.ts";
import { readDatabaseTime } from "./store/database_facts.ts";
import type { Database } from "./store/db/connect.ts";
import { migrations } from "./store/db/migrations.ts";
import type { SigningKeys } from "./tokens/signing_keys.ts";

const INTERVAL_MS = 5 * 60_000;
/** Of a task that reads a table that grows. */
const LONG_INTERVAL_MS = 86_400_000;

export interface PeriodicTasksDeps extends CleanUpDeps, ExpiryRemindersDeps, HousekeepingDeps {
  config: CleanUpDeps["config"] & ExpiryRemindersDeps["config"];
  keys: Pick<SigningKeys, "maintain">;
  rechecks: Pick<Rechecks, "runDue">;
  database: Pick<Database, "openDirect">;
}

/** All periodic tasks that one replica does for all. Each is recorded by its name. */
export function periodicTasks(deps: PeriodicTasksDeps): HousekeepingTask[] {
  const deletions = DELETIONS.map((deletion) => ({
    name: `delete_old_${deletion.table}`,
    everyMs: INTERVAL_MS,
    run: (signal: AbortSignal) => deleteOldRows(deps, deletion, signal),
  }));
  return [
    { name: "signing_keys", everyMs: INTERVAL_MS, run: () => rows(deps.keys.maintain()) },
    { name: "expiry_reminders", everyMs: INTERVAL_MS, run: () => sendExpiryReminders(deps) },
    { name: "rechecks", everyMs: INTERVAL_MS, run: (signal) => rows(deps.rechecks.runDue(signal)) },
    { name: "audit_log", everyMs: INTERVAL_MS, run: (signal) => maintainAuditLog(deps, signal) },
    {
      name: "erase_users",
      everyMs: INTERVAL_MS,
      run: (signal) => rows(eraseEvents(deps, { signal })),
    },
    { name: "build_indexes", everyMs: INTERVAL_MS, run: (signal) => buildIndexes(deps, signal) },
    ...deletions,
    {
      name: "delete_unused_logins",
      everyMs: LONG_INTERVAL_MS,
      run: (signal) => deleteUnusedLogins(deps, signal),
    },
  ];
}

/** Those that migrations left out, since their tables are large. */
async function buildIndexes(
  { database, clock }: Pick<PeriodicTasksDeps, "database" | "clock">,
  signal: AbortSignal,
): Promise<number> {
  const direct = database.openDirect();
  try {
    return (await buildConcurrently(direct.sql, clock, { migrations, signal })).length;
  } finally {
    await direct.close(0);
  }
}

async function rows(work: Promise<unknown>): Promise<number> {
  await work;
  return 0;
}

/**
 * A replica whose clock differs by more, in ms, leaves the tasks to others: by its time, it would
 * delete what others still need, such as a revocation or a week of the audit log, and nothing
 * brings that back. Less than what DELETIONS keeps of what prevents a second use.
 */
const MAX_CLOCK_DIFFERENCE_MS = 10 * 60_000;

/** Runs the periodic tasks that are due, unless the clock of this process cannot be right. */
export async function runPeriodicTasks(
  deps: PeriodicTasksDeps,
  signal: AbortSignal,
): Promise<void> {
  const { sql, clock, log } = deps;
  const differenceMs = clock.now() - (await readDatabaseTime(sql)).getTime();
  if (Math.abs(differenceMs) <= MAX_CLOCK_DIFFERENCE_MS) {
    return await runDueTasks(deps, periodicTasks(deps), signal);
  }
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  log("error", "clock_differs", {
    reason: `this machine's clock is ${seconds} s ${
      differenceMs > 0 ? "ahead of" : "behind"
    } the database's, so this process runs no periodic tasks. Synchronize both with NTP.`,
  });
}

/** Runs the periodic tasks until stopped. */
export function startPeriodicTasks(deps: PeriodicTasksDeps): { stop(): Promise<void> } {
  return startHousekeeping(deps, (signal) => runPeriodicTasks(deps, signal));
}
