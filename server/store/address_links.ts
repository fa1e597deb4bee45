import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** A single-use link with which a user confirms a new e-mail address. */
export interface NewAddressLink {
  tokenHash: Uint8Array;
  userId: string;
  /** The new address. */
  email: string;
  /** Whether it is sent to that address, and shown to no one else. */
  mailed: boolean;
  now: Date;
  expiresAt: Date;
}

/** False if the user is disabled or was deleted. */
export async function insertAddressLink(tx: Transaction, link: NewAddressLink): Promise<boolean> {
  // The lock orders it with disabling the user, which expires the links that exist.
  const rows = await tx`
    insert into address_links (token_hash, user_id, email, mailed, created_at, expires_at)
    select ${link.tokenHash}::bytea, id, ${link.email}, ${link.mailed}::boolean,
      ${link.now}::timestamptz, ${link.expiresAt}::timestamptz
    from users where id = ${link.userId} and disabled_at is null for share
    returning user_id`;
  return rows.length === 1;
}

export interface AddressLink {
  email: string;
  mailed: boolean;
}

/** A link of the user that can be used. */
export async function findAddressLink(
  sql: Sql,
  { tokenHash, userId, now }: { tokenHash: Uint8Array; userId: string; now: Date },
): Promise<AddressLink | undefined> {
  const rows = await sql<AddressLink[]>`
    select email, mailed from address_links
    where token_hash = ${tokenHash} and user_id = ${userId} and used_at is null
      and expires_at > ${now}`;
  return rows.map((row) => ({ ...row }))[0];
}

/**
 * Uses a link of the user: of many requests at the same time, one gets the address, the others
 * undefined. Locks the user first, as everything else that changes a user does.
 */
export async function useAddressLink(
  tx: Transaction,
  { tokenHash, userId, now }: { tokenHash: Uint8Array; userId: string; now: Date },
): Promise<AddressLink & { user: User } | undefined> {
  const users = await tx<UserRow[]>`
    select * from users where id = ${userId} and disabled_at is null for no key update`;
  if (users.length === 0) return undefined;
  const used = await tx<AddressLink[]>`
    update address_links set used_at = ${now}
    where token_hash = ${tokenHash} and user_id = ${userId} and used_at is null
      and expires_at > ${now}
    returning email, mailed`;
  return used.map((link) => ({ ...link, user: userFromRow(users[0]) }))[0];
}

/** Expires the links of a user that were not used. */
export async function expireAddressLinks(
  tx: Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<void> {
  await tx`
    update address_links set expires_at = ${now}
    where user_id = ${userId} and used_at is null and expires_at > ${now}`;
}

/** Deletes links that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldAddressLinks(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from address_links where ctid = any(array(
      select ctid from address_links where expires_at < ${before} limit ${limit}))`;
  return count;
}
