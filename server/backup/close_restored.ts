import type { Clock } from "../../shared/clock.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { endOpenThings, recordRestore } from "../store/restores.ts";
import type { BackupHeader } from "./format.ts";

/**
 * Prepares a database that was restored for use: records the time that it is from, and ends the
 * links and codes that were open then. What else may have been revoked since, the operator decides.
 */
export async function closeRestored(
  sql: Sql,
  clock: Clock,
  { createdAt, version }: Pick<BackupHeader, "createdAt" | "version">,
): Promise<void> {
  const [since, now] = [new Date(createdAt), new Date(clock.now())];
  await sql.begin(async (tx) => {
    await recordRestore(tx, { since, now });
    // All of them: the backup began a moment after its time.
    await endOpenThings(tx, { since: now, now });
    await recordAuditEvent(tx, clock, {
      event: "database.restored",
      actor: "operator",
      details: { since: createdAt, version },
    });
  });
}
