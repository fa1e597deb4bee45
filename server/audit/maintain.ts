import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { Log } from "../log.ts";
import { runInBatches } from "../replicas/batches.ts";
import type { Replica } from "../replicas/replica.ts";
import { logFailure } from "../request_log.ts";
import { copyOlderEvents } from "../store/audit_log/older_events.ts";
import {
  createAuditPartitions,
  deleteOldDefaultEvents,
  dropAuditPartitions,
} from "../store/audit_log/partitions.ts";
import { appendRepeatedEvents } from "../store/audit_log/repeats.ts";
import { countMissedEvents } from "../store/audit_log/streams.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { markDropped, sealEvents } from "./sealer.ts";

export interface MaintainAuditLogDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "auditRetention">;
  secrets: Pick<ServerSecrets, "auditKey">;
  replica: Replica;
  log: Log;
}

/** A server starts without the partition of this week, too: the default one takes its events. */
export async function prepareAuditLog(
  { sql, clock, log }: Pick<MaintainAuditLogDeps, "sql" | "clock"> & { log: Log },
): Promise<void> {
  try {
    await createAuditPartitions(sql, new Date(clock.now()));
  } catch (error) {
    logFailure(log, "audit_partitions_failed", error);
  }
}

/**
 * Creates the next partitions, records how often events were repeated, seals the events of processes
 * that are gone, copies the events of older programs, and removes the partitions of weeks whose
 * events are all older than the retention. Returns the number of events.
 */
export async function maintainAuditLog(
  deps: MaintainAuditLogDeps,
  signal: AbortSignal,
): Promise<number> {
  const { sql, clock, config, secrets } = deps;
  const now = new Date(clock.now());
  const until = new Date(now.getTime() - config.auditRetention * 1000);
  await createAuditPartitions(sql, now);
  const replica = deps.replica.id;
  const appended = await runInBatches(
    (limit) => appendRepeatedEvents(sql, { now, replica, limit }),
    signal,
  );
  const copied = await runInBatches(
    (limit) => copyOlderEvents(sql, { since: until, limit }),
    signal,
  );
  const onDrop = async (tx: Transaction, week: Date) => {
    await countMissedEvents(tx, week);
    await markDropped(tx, secrets.auditKey, week, now);
  };
  await dropAuditPartitions(sql, until, onDrop);
  const deleted = await runInBatches(
    (limit) => deleteOldDefaultEvents(sql, until, limit, onDrop),
    signal,
  );
  // Last: what was changed in a chain must not keep the rest from happening.
  const sealed = await runInBatches((limit) => sealEvents(deps, "orphaned", limit), signal);
  return appended + copied + deleted + sealed;
}
