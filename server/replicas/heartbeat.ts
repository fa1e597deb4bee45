import type { Sql } from "../store/db/connect.ts";
import { deleteReplica, type NewReplica, recordHeartbeat } from "../store/replicas.ts";

const INTERVAL_MS = 10_000;

/** Records that this replica is alive until it is stopped, which deletes its row. */
export async function startHeartbeat(
  sql: Sql,
  replica: NewReplica,
  intervalMs = INTERVAL_MS,
): Promise<{ stop(): Promise<void> }> {
  await recordHeartbeat(sql, replica);
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    // The listener for changes logs that the database cannot be reached.
    running ??= recordHeartbeat(sql, replica).catch(() => {}).finally(() => running = undefined);
  }, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
      await deleteReplica(sql, replica.id).catch(() => {});
    },
  };
}
