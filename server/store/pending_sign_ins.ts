import { type Acr, isAcr } from "../../shared/oauth/acr.ts";
import type { FirstFactor } from "../sign_in/first_factor.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** A sign-in in one browser whose first factor was accepted. */
export interface PendingSignIn {
  user: User;
  first: FirstFactor;
  /** Where to go afterwards. */
  next: string;
  requiredAcr?: Acr;
}

/** What identifies it: a secret of its own, and the cookie that the browser's forms are bound to. */
export interface PendingSignInKey {
  tokenHash: Uint8Array;
  browserHash: Uint8Array;
}

/** Those of one user at a time: enough for their browsers, and few for who knows the password. */
const MAX_OF_USER = 20;

/** Stores a pending sign-in, and deletes the user's oldest beyond the limit. */
export async function insertPendingSignIn(
  sql: Sql,
  pending: PendingSignInKey & Omit<PendingSignIn, "user"> & {
    userId: string;
    now: Date;
    expiresAt: Date;
  },
): Promise<void> {
  await sql`
    with deleted as (
      delete from pending_sign_ins where token_hash in (
        select token_hash from pending_sign_ins where user_id = ${pending.userId}
        order by created_at desc, token_hash offset ${MAX_OF_USER - 1}
      )
    )
    insert into pending_sign_ins (
      token_hash, browser_hash, user_id, first_factor, next, required_acr, created_at, expires_at
    ) values (
      ${pending.tokenHash}, ${pending.browserHash}, ${pending.userId},
      ${sql.json(JSON.parse(JSON.stringify(pending.first)))}, ${pending.next},
      ${pending.requiredAcr ?? null}, ${pending.now}, ${pending.expiresAt}
    )`;
}

export async function findPendingSignIn(
  sql: Sql,
  { tokenHash, browserHash, now }: PendingSignInKey & { now: Date },
): Promise<PendingSignIn | undefined> {
  const rows = await sql<
    (UserRow & { first_factor: FirstFactor; next: string; required_acr: string | null })[]
  >`
    select u.*, p.first_factor, p.next, p.required_acr
    from pending_sign_ins p join users u on u.id = p.user_id
    where p.token_hash = ${tokenHash} and p.browser_hash = ${browserHash}
      and p.expires_at > ${now} and u.disabled_at is null`;
  return rows.map((row) => ({
    user: userFromRow(row),
    first: row.first_factor,
    next: row.next,
    requiredAcr: isAcr(row.required_acr) ? row.required_acr : undefined,
  }))[0];
}

/** Uses it: of many requests at the same time, one gets true. */
export async function usePendingSignIn(
  sql: Sql | Transaction,
  { tokenHash, browserHash, now }: PendingSignInKey & { now: Date },
): Promise<boolean> {
  const rows = await sql`
    delete from pending_sign_ins
    where token_hash = ${tokenHash} and browser_hash = ${browserHash} and expires_at > ${now}
    returning user_id`;
  return rows.length === 1;
}

/** Deletes all of a user, whose ways to sign in have changed. */
export async function deletePendingSignIns(tx: Transaction, userId: string): Promise<void> {
  await tx`delete from pending_sign_ins where user_id = ${userId}`;
}

/** Deletes those that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldPendingSignIns(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from pending_sign_ins where ctid = any(array(
      select ctid from pending_sign_ins where expires_at < ${before} limit ${limit}))`;
  return count;
}
