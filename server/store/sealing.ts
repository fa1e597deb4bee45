import type { Sql, Transaction } from "./db/connect.ts";

/** Whether new values may have the format that is bound to their row: see Encryption.bindsValues. */
export async function bindsValues(sql: Sql | Transaction): Promise<boolean> {
  const rows = await sql`select 1 from sealing where bound_since is not null`;
  return rows.length === 1;
}
