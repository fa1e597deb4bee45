import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** A passkey as its user sees it. */
export interface Passkey {
  id: string;
  userId: string;
  name: string;
  credentialId: Uint8Array;
  transports: readonly string[];
  /** Whether it may be synchronized between devices, and is. */
  backupEligible: boolean;
  backedUp: boolean;
  createdAt: Date;
  lastUsedAt?: Date;
  lastUsedAddress?: string;
  /** When it was blocked, because there may be a copy of it. */
  blockedAt?: Date;
}

/** A passkey with what verifies its signatures. */
export interface StoredPasskey extends Passkey {
  publicKey: Uint8Array;
  signCount: number;
}

interface Row {
  id: string;
  user_id: string;
  name: string;
  credential_id: Uint8Array;
  public_key: Uint8Array;
  /** PostgreSQL's bigint. */
  sign_count: string;
  transports: string[];
  backup_eligible: boolean;
  backed_up: boolean;
  created_at: Date;
  last_used_at: Date | null;
  last_used_address: string | null;
  blocked_at: Date | null;
}

function passkeyFromRow(row: Row): StoredPasskey {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    credentialId: row.credential_id,
    publicKey: row.public_key,
    signCount: Number(row.sign_count),
    transports: row.transports,
    backupEligible: row.backup_eligible,
    backedUp: row.backed_up,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
    blockedAt: row.blocked_at ?? undefined,
  };
}

export interface NewPasskey {
  userId: string;
  credentialId: Uint8Array;
  publicKey: Uint8Array;
  signCount: number;
  name: string;
  aaguid: string;
  transports: readonly string[];
  backupEligible: boolean;
  backedUp: boolean;
  now: Date;
}

/**
 * Returns the id of the new passkey; `taken` if the credential is registered, for any user
 * (WebAuthn section 7.1, step 26); `too_many` if the user has `limit` of them. The caller has locked
 * the user.
 */
export async function insertPasskey(
  tx: Transaction,
  passkey: NewPasskey,
  limit: number,
): Promise<{ id: string } | "taken" | "too_many"> {
  const [{ count }] = await tx<{ count: number }[]>`
    select count(*)::int as count from passkeys where user_id = ${passkey.userId}`;
  if (count >= limit) return "too_many";
  const rows = await tx<{ id: string }[]>`
    insert into passkeys (
      id, user_id, credential_id, public_key, sign_count, name, aaguid, transports,
      backup_eligible, backed_up, created_at
    ) values (
      ${randomUUID()}, ${passkey.userId}, ${passkey.credentialId}, ${passkey.publicKey},
      ${passkey.signCount}, ${passkey.name}, ${passkey.aaguid}, ${tx.json([...passkey.transports])},
      ${passkey.backupEligible}, ${passkey.backedUp}, ${passkey.now}
    )
    on conflict (credential_id) do nothing
    returning id`;
  return rows.length === 1 ? { id: rows[0].id } : "taken";
}

/** A user's passkeys, oldest first. */
export async function listPasskeys(sql: Sql | Transaction, userId: string): Promise<Passkey[]> {
  const rows = await sql<Row[]>`
    select * from passkeys where user_id = ${userId} order by created_at, id`;
  return rows.map(passkeyFromRow);
}

/** Undefined if the user has no such passkey. */
export async function findPasskey(
  sql: Sql | Transaction,
  { id, userId }: { id: string; userId: string },
): Promise<Passkey | undefined> {
  const rows = await sql<Row[]>`
    select * from passkeys where id::text = ${id.toLowerCase()} and user_id = ${userId}`;
  return rows.map(passkeyFromRow)[0];
}

/** The passkey with this credential id, and its user. */
export async function findPasskeyByCredential(
  sql: Sql,
  credentialId: Uint8Array,
): Promise<{ passkey: StoredPasskey; user: User } | undefined> {
  const passkeys = await sql<Row[]>`
    select * from passkeys where credential_id = ${credentialId}`;
  if (passkeys.length === 0) return undefined;
  const passkey = passkeyFromRow(passkeys[0]);
  const users = await sql<UserRow[]>`select u.* from users u where id = ${passkey.userId}`;
  return users.map((row) => ({ passkey, user: userFromRow(row) }))[0];
}

/**
 * Records the use of a passkey: of two requests with the same counter, one gets true. A counter that
 * stays 0 is none (WebAuthn section 6.1.1). False also for a passkey that is blocked.
 */
export async function recordPasskeyUse(
  tx: Transaction,
  use: { id: string; signCount: number; backedUp: boolean; address: string; now: Date },
): Promise<boolean> {
  const rows = await tx`
    update passkeys set sign_count = ${use.signCount}, backed_up = ${use.backedUp},
      last_used_at = ${use.now}, last_used_address = ${use.address}
    where id = ${use.id} and blocked_at is null
      and (sign_count < ${use.signCount}::bigint
        or (sign_count = 0 and ${use.signCount}::bigint = 0))
    returning id`;
  return rows.length === 1;
}

/** Blocks a passkey. False if it is blocked already, or was removed. */
export async function blockPasskey(
  tx: Transaction,
  { id, now }: { id: string; now: Date },
): Promise<boolean> {
  const rows = await tx`
    update passkeys set blocked_at = ${now} where id = ${id} and blocked_at is null
    returning id`;
  return rows.length === 1;
}

export async function setPasskeyName(
  tx: Transaction,
  { id, name }: { id: string; name: string },
): Promise<void> {
  await tx`update passkeys set name = ${name} where id = ${id}`;
}

export async function deletePasskey(tx: Transaction, id: string): Promise<void> {
  await tx`delete from passkeys where id = ${id}`;
}

/** Uses a challenge up. False if it was used before. */
export async function recordPasskeyChallenge(
  tx: Transaction,
  { challengeHash, expiresAt }: { challengeHash: Uint8Array; expiresAt: Date },
): Promise<boolean> {
  const rows = await tx`
    insert into used_passkey_challenges (challenge_hash, expires_at)
    values (${challengeHash}, ${expiresAt})
    on conflict (challenge_hash) do nothing
    returning challenge_hash`;
  return rows.length === 1;
}

/** Deletes challenges that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldPasskeyChallenges(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from used_passkey_challenges where ctid = any(array(
      select ctid from used_passkey_challenges where expires_at < ${before} limit ${limit}))`;
  return count;
}
