import type { Sql, Transaction } from "./db/connect.ts";

/** How many active logins have a scope. */
export async function countLoginsWithScope(
  sql: Sql | Transaction,
  scope: string,
  now: Date,
): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from refresh_token_families
    where string_to_array(scope, ' ') @> array[${scope}::text] and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}`;
  return count;
}
