import type { Sql } from "../../server/store/db/connect.ts";

/** Forgets all events, past the trigger that keeps them. */
export async function clearAuditLog(sql: Sql): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`delete from audit_log`;
    await tx`delete from audit_repeats`;
  });
}
