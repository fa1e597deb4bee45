import { EXPIRES_SOON } from "../../shared/tokens/expires_soon.ts";
import type { Sql } from "./db/connect.ts";
import { hasNoSuccessor, isWithin } from "./pats/row.ts";
import { canSignIn } from "./users.ts";

/** What administrators look at first. */
export interface ServerOverview {
  users: number;
  disabledUsers: number;
  /** Users who have no way to sign in yet. */
  invitedUsers: number;
  /** Active personal access tokens. */
  tokens: number;
  /** Of these, the ones that expire soon and have no successor. */
  expiringTokens: number;
  /** Tokens that were reported as leaked recently. */
  leakedTokens: number;
  trustRules: number;
  /** Rules that stopped to apply on their date. */
  expiredRules: number;
  /** Identity tokens that were rejected recently. */
  rejectedWorkloads: number;
  /** Sign-ins that reached a rate limit recently. */
  throttledSignIns: number;
}

export async function readServerOverview(
  sql: Sql,
  { now, since }: {
    now: Date;
    /** The beginning of "recently". */
    since: Date;
  },
): Promise<ServerOverview> {
  const [overview] = await sql<ServerOverview[]>`
    with active as (
      select * from personal_access_tokens
      where revoked_at is null and (expires_at is null or expires_at > ${now}::timestamptz)
    ), recent as (
      select event from audit_log
      where occurred_at > ${since}::timestamptz and event in ('workload.refused', 'signin.throttled')
    )
    select
      (select count(*)::int from users) as users,
      (select count(*)::int from users where disabled_at is not null) as "disabledUsers",
      (select count(*)::int from users
        where disabled_at is null and not ${canSignIn(sql)}) as "invitedUsers",
      (select count(*)::int from active) as tokens,
      (select count(*)::int from active t
        where ${isWithin(sql, now, EXPIRES_SOON)} and ${hasNoSuccessor(sql)}) as "expiringTokens",
      (select count(*)::int from personal_access_tokens
        where leaked_at > ${since}::timestamptz) as "leakedTokens",
      (select count(*)::int from trust_rules) as "trustRules",
      (select count(*)::int from trust_rules
        where disabled_at is null and enabled_until <= ${now}::timestamptz) as "expiredRules",
      (select count(*)::int from recent where event = 'workload.refused') as "rejectedWorkloads",
      (select count(*)::int from recent where event = 'signin.throttled') as "throttledSignIns"`;
  return { ...overview };
}
