import type { Sql } from "../store/db/connect.ts";
import { deleteReplica, type NewReplica, recordHeartbeat } from "../store/replicas.ts";

const INTERVAL_MS = 10_000;

/** Records that this replica is alive until it is stopped, which deletes its row. */
export async function startHeartbeat(
  sql: Sql,
  replica: Omit<NewReplica, "untrustedForwarders">,
  intervalMs = INTERVAL_MS,
  untrustedForwarders: () => readonly string[] = () => [],
): Promise<{ stop(): Promise<void> }> {
  const beat = () =>
    recordHeartbeat(sql, { ...replica, untrustedForwarders: untrustedForwarders() });
  await beat();
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    // The listener for changes logs that the database cannot be reached.
    running ??= beat().catch(() => {}).finally(() => running = undefined);
  }, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
      await deleteReplica(sql, replica.id).catch(() => {});
    },
  };
}
