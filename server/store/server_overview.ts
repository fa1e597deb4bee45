import type postgres from "postgres";
import { MAX_COUNTED } from "../../shared/bounded_count.ts";
import { EXPIRES_SOON } from "../../shared/tokens/expires_soon.ts";
import { boundedCount } from "./bounded_count.ts";
import type { Sql } from "./db/connect.ts";
import { hasNoSuccessor, isWithin } from "./pats/row.ts";
import { canSignIn } from "./users.ts";

/** What administrators look at first. Each count ends at one more than MAX_COUNTED. */
export interface ServerOverview {
  users: number;
  /** Users who have no way to sign in yet, of the newest without a password. */
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

/** Users that are examined: where all come from an identity provider, none has a password. */
const NEWEST_USERS = 1000;

export async function readServerOverview(
  sql: Sql,
  { now, since }: {
    now: Date;
    /** The beginning of "recently". */
    since: Date;
  },
): Promise<ServerOverview> {
  const isActive = (expires: postgres.PendingQuery<postgres.Row[]>) =>
    sql`select from personal_access_tokens t where revoked_at is null and ${expires}`;
  const isExpiring = sql`t.expires_at > ${now}::timestamptz
    and t.expires_at <= ${new Date(now.getTime() + EXPIRES_SOON.ms)}::timestamptz
    and ${isWithin(sql, now, EXPIRES_SOON)} and ${hasNoSuccessor(sql)}`;
  const events = (event: string) =>
    boundedCount(
      sql,
      sql`select from audit_log where event = ${event} and occurred_at > ${since}::timestamptz`,
    );
  const [overview] = await sql<ServerOverview[]>`
    select
      ${boundedCount(sql, sql`select from users`)} as users,
      (
        select count(*)::int from (
          select * from users where password_hash is null and disabled_at is null
          order by created_at desc, id desc limit ${NEWEST_USERS}
        ) users
        where not ${canSignIn(sql)}
      ) as "invitedUsers",
      least(
        ${boundedCount(sql, isActive(sql`t.expires_at > ${now}::timestamptz`))}
          + ${boundedCount(sql, isActive(sql`t.expires_at is null`))},
        ${MAX_COUNTED + 1}
      ) as tokens,
      ${boundedCount(sql, isActive(isExpiring))} as "expiringTokens",
      ${
    boundedCount(
      sql,
      sql`select from personal_access_tokens where leaked_at > ${since}::timestamptz`,
    )
  } as "leakedTokens",
      (select count(*)::int from trust_rules) as "trustRules",
      (select count(*)::int from trust_rules
        where disabled_at is null and enabled_until <= ${now}::timestamptz) as "expiredRules",
      ${events("workload.refused")} as "rejectedWorkloads",
      ${events("signin.throttled")} as "throttledSignIns"`;
  return { ...overview };
}
