import type { Sql, Transaction } from "./db/connect.ts";

/** What a user has that is in use: what deleting the user would revoke. */
export interface UserBelongings {
  /** Browser sessions. */
  browsers: number;
  logins: number;
  /** Personal access tokens. */
  tokens: number;
  /** Rules that let workloads act as the user. */
  trustRules: number;
}

export async function countBelongings(
  sql: Sql | Transaction,
  userId: string,
  now: Date,
): Promise<UserBelongings> {
  const [counts] = await sql<UserBelongings[]>`
    select
      (select count(*)::int from sessions
        where user_id = ${userId} and expires_at > ${now}) as browsers,
      (select count(*)::int from refresh_token_families
        where user_id = ${userId} and revoked_at is null and idle_expires_at > ${now}
          and absolute_expires_at > ${now}) as logins,
      (select count(*)::int from personal_access_tokens
        where user_id = ${userId} and revoked_at is null
          and (expires_at is null or expires_at > ${now})) as tokens,
      (select count(*)::int from trust_rules where user_id = ${userId}) as "trustRules"`;
  return { ...counts };
}
