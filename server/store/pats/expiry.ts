import type { ExpiryThreshold } from "../../../shared/tokens/expires_soon.ts";
import type { Sql } from "../db/connect.ts";
import { fromRow, hasNoSuccessor, isWithin, type TokenRow, withOwner } from "./row.ts";
import type { PersonalAccessToken } from "./types.ts";

/**
 * Returns active tokens without a successor that expire within a threshold and whose owners got fewer
 * than `reminders` reminders, and counts these as sent: of many replicas, one gets each token.
 * `usersOnly` leaves out tokens of service accounts.
 */
export async function claimExpiringTokens(
  sql: Sql,
  query: {
    now: Date;
    within: ExpiryThreshold;
    reminders: number;
    usersOnly: boolean;
    limit: number;
  },
): Promise<PersonalAccessToken[]> {
  const rows = await sql<TokenRow[]>`
    with due as (
      select t.id from personal_access_tokens t
      where t.revoked_at is null and t.expires_at > ${query.now}
        and ${isWithin(sql, query.now, query.within)} and t.expiry_warnings < ${query.reminders}
        and (t.user_id is not null or not ${query.usersOnly}::boolean)
        and ${hasNoSuccessor(sql)}
      order by t.id limit ${query.limit} for update skip locked
    ), taken as (
      update personal_access_tokens t set expiry_warnings = ${query.reminders}
      from due where t.id = due.id returning t.*
    )
    ${withOwner(sql, sql`taken`)}`;
  return rows.map(fromRow);
}

/** Deletes tokens that were revoked or expired before `before`, at most `limit`; returns how many. */
export async function deleteOldPersonalAccessTokens(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from personal_access_tokens where ctid = any(array(
      select ctid from personal_access_tokens       where revoked_at < ${before} or (revoked_at is null and expires_at < ${before}) limit ${limit}))`;
  return count;
}
