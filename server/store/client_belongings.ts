import type { Sql, Transaction } from "./db/connect.ts";

/** What of a client is in use: what removing the client would revoke. */
export interface ClientBelongings {
  /** Active logins. */
  logins: number;
  /** Users who have them. */
  users: number;
  /** When one of them was last used. */
  lastUsedAt: Date | null;
}

export async function countClientBelongings(
  sql: Sql | Transaction,
  clientId: string,
  now: Date,
): Promise<ClientBelongings> {
  const [counts] = await sql<ClientBelongings[]>`
    select count(*)::int as logins, count(distinct user_id)::int as users,
      max(last_used_at) as "lastUsedAt"
    from refresh_token_families
    where client_id = ${clientId} and revoked_at is null and idle_expires_at > ${now}
      and absolute_expires_at > ${now}`;
  return { ...counts };
}
