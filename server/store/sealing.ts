import type { Sql, Transaction } from "./db/connect.ts";

/** Whether new values may have the format that is bound to their row: see Encryption.bindsValues. */
export async function bindsValues(sql: Sql | Transaction): Promise<boolean> {
  const rows = await sql`select 1 from sealing where bound_since is not null`;
  return rows.length === 1;
}

/** Allows the format; programs before it cannot read what is written from now on. */
export async function startBindingValues(sql: Sql, now: Date): Promise<void> {
  await sql`
    insert into sealing (bound_since) values (${now})
    on conflict (id) do update set bound_since = coalesce(sealing.bound_since, excluded.bound_since)`;
}
