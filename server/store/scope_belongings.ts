import { boundedCount } from "./bounded_count.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** How many active logins have a scope, up to one more than MAX_COUNTED. */
export async function countLoginsWithScope(
  sql: Sql | Transaction,
  scope: string,
  now: Date,
): Promise<number> {
  const logins = sql`
    select from refresh_token_families
    where scope_names(scope) @> array[${scope}::text] and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}`;
  const [{ count }] = await sql<{ count: number }[]>`
    select ${boundedCount(sql, logins)} as count`;
  return count;
}
