import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** A single-use link with which a user chooses a password. */
export interface NewPasswordLink {
  tokenHash: Uint8Array;
  userId: string;
  /** Whether it is sent to the user's e-mail address. */
  mailed: boolean;
  now: Date;
  expiresAt: Date;
}

/** False if the user is disabled or was deleted. */
export async function insertPasswordLink(
  tx: Transaction,
  link: NewPasswordLink,
): Promise<boolean> {
  // The lock orders it with disabling the user, which expires the links that exist.
  const rows = await tx`
    insert into password_links (token_hash, user_id, mailed, created_at, expires_at)
    select ${link.tokenHash}::bytea, id, ${link.mailed}::boolean, ${link.now}::timestamptz,
      ${link.expiresAt}::timestamptz
    from users where id = ${link.userId} and disabled_at is null for share
    returning user_id`;
  return rows.length === 1;
}

/** `expired`: also a link that another one or a new password replaced. */
export type PasswordLinkState = "usable" | "used" | "expired";

/** Undefined if there is no such link, or no longer. */
export async function findPasswordLink(
  sql: Sql,
  { tokenHash, now }: { tokenHash: Uint8Array; now: Date },
): Promise<{ state: PasswordLinkState; user: User } | undefined> {
  const rows = await sql<(UserRow & { state: PasswordLinkState })[]>`
    select u.*, case
        when l.used_at is not null then 'used'
        when l.expires_at <= ${now} or u.disabled_at is not null then 'expired'
        else 'usable'
      end as state
    from password_links l join users u on u.id = l.user_id
    where l.token_hash = ${tokenHash}`;
  return rows.map((row) => ({ state: row.state, user: userFromRow(row) }))[0];
}

/**
 * Uses a link: of many requests at the same time, one gets its user, the others undefined. Locks the
 * user first, as everything else that changes a user does.
 */
export async function usePasswordLink(
  tx: Transaction,
  { tokenHash, now }: { tokenHash: Uint8Array; now: Date },
): Promise<{ user: User; mailed: boolean } | undefined> {
  const users = await tx<UserRow[]>`
    select * from users
    where id = (select user_id from password_links where token_hash = ${tokenHash})
      and disabled_at is null
    for no key update`;
  if (users.length === 0) return undefined;
  const used = await tx<{ mailed: boolean }[]>`
    update password_links set used_at = ${now}
    where token_hash = ${tokenHash} and used_at is null and expires_at > ${now}
    returning mailed`;
  return used.map(({ mailed }) => ({ user: userFromRow(users[0]), mailed }))[0];
}

/** Expires the links of a user that were not used. */
export async function expirePasswordLinks(
  tx: Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<void> {
  await tx`
    update password_links set expires_at = ${now}
    where user_id = ${userId} and used_at is null and expires_at > ${now}`;
}

/** Deletes links that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldPasswordLinks(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from password_links where ctid = any(array(
      select ctid from password_links where expires_at < ${before} limit ${limit}))`;
  return count;
}
