/** Which identities have to be checked at their providers again, and those that were rejected. */
import type { Sql, Transaction } from "./db/connect.ts";

/** An identity that is checked by this replica. */
export interface ClaimedIdentity {
  id: string;
  provider: string;
  subject: string;
  userId: string;
}

/** Whether any provider keeps refresh tokens, so that there can be something to check. */
export async function keepsRefreshTokens(sql: Sql): Promise<boolean> {
  const [{ any }] = await sql<{ any: boolean }[]>`
    select exists (
      select from identity_providers where recheck and disabled_at is null
    ) as any`;
  return any;
}

/**
 * Claims identities that were not checked since `before`: of several replicas, one gets each, until
 * `claimedUntil`. All of one user, or those of users who have a token, login or browser session.
 */
export async function claimIdentityChecks(
  sql: Sql,
  { before, now, claimedUntil, limit, userId }: {
    before: Date;
    now: Date;
    claimedUntil: Date;
    limit: number;
    userId?: string;
  },
): Promise<ClaimedIdentity[]> {
  return await sql<ClaimedIdentity[]>`
    with due as (
      select i.id from identities i
        join identity_providers p on p.name = i.provider
        join users u on u.id = i.user_id
        left join identity_checks c on c.identity_id = i.id
      where p.recheck and p.disabled_at is null and i.refresh_token is not null
        and u.disabled_at is null and c.rejected_since is null
        and coalesce(i.last_checked_at, i.created_at) <= ${before}
        and (c.claimed_until is null or c.claimed_until <= ${now})
        and (i.user_id = ${userId ?? null}::uuid or ${userId ?? null}::uuid is null and (
          exists (
            select from personal_access_tokens t where t.user_id = i.user_id
              and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${now})
          ) or exists (
            select from refresh_token_families f where f.user_id = i.user_id
              and f.revoked_at is null and f.idle_expires_at > ${now}
              and f.absolute_expires_at > ${now}
          ) or exists (
            select from sessions s where s.user_id = i.user_id and s.expires_at > ${now}
          )
        ))
      order by i.last_checked_at nulls first, i.id limit ${limit}
    ), claimed as (
      insert into identity_checks as c (identity_id, claimed_until)
      select id, ${claimedUntil}::timestamptz from due
      on conflict (identity_id) do update set claimed_until = excluded.claimed_until
        where c.claimed_until <= ${now} and c.rejected_since is null
      returning identity_id
    )
    select i.id, i.provider, i.subject, i.user_id as "userId"
    from claimed join identities i on i.id = claimed.identity_id`;
}

/** The check has succeeded. One that the provider did not answer stays claimed, and is due after that. */
export async function finishIdentityCheck(sql: Sql, identityId: string): Promise<void> {
  await sql`
    delete from identity_checks where identity_id = ${identityId} and rejected_since is null`;
}

/** The provider has rejected the identity. Returns whether it had not before. */
export async function recordIdentityRejection(
  tx: Transaction,
  { identityId, now }: { identityId: string; now: Date },
): Promise<boolean> {
  const rows = await tx`
    update identity_checks set rejected_since = ${now}
    where identity_id = ${identityId} and rejected_since is null returning identity_id`;
  return rows.length === 1;
}

/** Forgets rejections of identities that signed in after them, or no longer exist. */
export async function deleteRefutedRejections(sql: Sql): Promise<void> {
  await sql`
    delete from identity_checks c where rejected_since is not null and not exists (
      select from identities i where i.id = c.identity_id
        and (i.last_signed_in_at is null or i.last_signed_in_at <= c.rejected_since)
    )`;
}

/**
 * Takes a rejection from before `before` whose grace is over; of several replicas, one gets it. Run it
 * in the transaction that disables the user.
 */
export async function takeOverdueRejection(
  tx: Transaction,
  before: Date,
): Promise<ClaimedIdentity | undefined> {
  const rows = await tx<ClaimedIdentity[]>`
    with taken as (
      delete from identity_checks where identity_id = (
        select c.identity_id from identity_checks c join identities i on i.id = c.identity_id
        where c.rejected_since <= ${before}
          and (i.last_signed_in_at is null or i.last_signed_in_at <= c.rejected_since)
        order by c.rejected_since, c.identity_id limit 1 for update of c skip locked
      )
      returning identity_id
    )
    select i.id, i.provider, i.subject, i.user_id as "userId"
    from taken join identities i on i.id = taken.identity_id`;
  return rows[0];
}
