import type { Sql, Transaction } from "./db/connect.ts";

/** The authenticator app of a user. */
export interface TotpAuthenticator {
  /** Encrypted, see security/encryption.ts. */
  secret: Uint8Array;
  createdAt: Date;
  lastUsedAt?: Date;
}

export async function findTotpAuthenticator(
  sql: Sql | Transaction,
  userId: string,
): Promise<TotpAuthenticator | undefined> {
  const rows = await sql<{ secret: Uint8Array; created_at: Date; last_used_at: Date | null }[]>`
    select secret, created_at, last_used_at from totp_authenticators where user_id = ${userId}`;
  return rows.map((row) => ({
    secret: row.secret,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
  }))[0];
}

/**
 * Accepts the code of a time step, once and only later ones afterwards (RFC 6238 section 5.2).
 * `secret` is the one that it was checked with, as stored. False if it was accepted before.
 */
export async function acceptTotpStep(
  sql: Sql | Transaction,
  use: { userId: string; secret: Uint8Array; step: number; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update totp_authenticators set last_step = ${use.step}, last_used_at = ${use.now}
    where user_id = ${use.userId} and secret = ${use.secret} and last_step < ${use.step}
    returning user_id`;
  return rows.length === 1;
}

/** Encrypts a secret with the key that the operator has set since. */
export async function replaceTotpCiphertext(
  sql: Sql,
  { userId, from, to }: { userId: string; from: Uint8Array; to: Uint8Array },
): Promise<void> {
  await sql`
    update totp_authenticators set secret = ${to}
    where user_id = ${userId} and secret = ${from}`;
}

/** Sets up an authenticator app, or replaces the one that the user has if `replaces`. */
export async function insertTotpAuthenticator(
  tx: Transaction,
  { userId, secret, step, now, replaces }: {
    userId: string;
    secret: Uint8Array;
    /** Of the code that confirmed it, which is used up. */
    step: number;
    now: Date;
    replaces: boolean;
  },
): Promise<boolean> {
  const rows = await tx`
    insert into totp_authenticators as a (user_id, secret, created_at, last_used_at, last_step)
    values (${userId}, ${secret}, ${now}, ${now}, ${step})
    on conflict (user_id) do update set
      secret = excluded.secret, created_at = excluded.created_at,
      last_used_at = excluded.last_used_at, last_step = excluded.last_step
    where ${replaces}::boolean
    returning user_id`;
  return rows.length === 1;
}

/** False if the user has none. */
export async function deleteTotpAuthenticator(tx: Transaction, userId: string): Promise<boolean> {
  const rows = await tx`
    delete from totp_authenticators where user_id = ${userId} returning user_id`;
  return rows.length === 1;
}

/** The secret that is shown to a browser until its first code confirms it; one for each browser. */
export interface TotpEnrollment {
  /** See sign_in/enroll_totp.ts. */
  holder: string;
  userId: string;
  /** Encrypted. */
  secret: Uint8Array;
  expiresAt: Date;
}

/** Those of one user at a time. */
const MAX_ENROLLMENTS = 20;

export async function insertTotpEnrollment(sql: Sql, enrollment: TotpEnrollment): Promise<void> {
  await sql`
    with deleted as (
      delete from totp_enrollments where holder in (
        select holder from totp_enrollments
        where user_id = ${enrollment.userId} and holder <> ${enrollment.holder}
        order by expires_at desc, holder offset ${MAX_ENROLLMENTS - 1}
      )
    )
    insert into totp_enrollments (holder, user_id, secret, expires_at)
    values (
      ${enrollment.holder}, ${enrollment.userId}, ${enrollment.secret}, ${enrollment.expiresAt}
    )
    on conflict (holder) do update set
      user_id = excluded.user_id, secret = excluded.secret, expires_at = excluded.expires_at`;
}

export async function findTotpEnrollment(
  sql: Sql | Transaction,
  { holder, userId, now }: { holder: string; userId: string; now: Date },
): Promise<{ secret: Uint8Array } | undefined> {
  const rows = await sql<{ secret: Uint8Array }[]>`
    select secret from totp_enrollments
    where holder = ${holder} and user_id = ${userId} and expires_at > ${now}`;
  return rows[0];
}

/** Uses an enrollment up: of many requests at the same time, one gets true. */
export async function useTotpEnrollment(
  tx: Transaction,
  { holder, userId, now }: { holder: string; userId: string; now: Date },
): Promise<boolean> {
  const rows = await tx`
    delete from totp_enrollments
    where holder = ${holder} and user_id = ${userId} and expires_at > ${now}
    returning holder`;
  return rows.length === 1;
}

/** Deletes enrollments that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldTotpEnrollments(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from totp_enrollments where ctid = any(array(
      select ctid from totp_enrollments where expires_at < ${before} limit ${limit}))`;
  return count;
}
