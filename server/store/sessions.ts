import { randomUUID } from "node:crypto";
import { type Authentication, authenticationFromRow } from "../sign_in/authentication.ts";
import type { FirstFactor } from "../sign_in/first_factor.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** What a session began with, besides a password: it is signed out when that is removed. */
export type SessionOrigin = Pick<FirstFactor, "passkeyId" | "identityId" | "upstreamSessionId">;

/** A browser session of a user. */
export interface Session {
  id: string;
  user: User;
  /** When the user last signed in. */
  authenticatedAt: Date;
  /** How; undefined in a session of an earlier version. */
  authentication?: Authentication;
  origin: SessionOrigin;
  createdAt: Date;
  address: string;
  userAgent: string;
}

/** A use is recorded at most this often, in seconds: not every page needs a write. */
const LAST_SEEN_STEP = 60;

interface Row extends UserRow {
  session_id: string;
  authenticated_at: Date;
  acr: string | null;
  amr: string[] | null;
  passkey_id: string | null;
  identity_id: string | null;
  upstream_session_id: string | null;
  session_created_at: Date;
  last_seen_at: Date;
  address: string;
  user_agent: string;
}

/**
 * Returns the id of the new session; undefined if the user was disabled, or what they signed in with
 * was changed or removed since it was checked. The row of the user is locked first: a change of the
 * password that is in progress signs out every session that exists, and this one would not exist
 * yet.
 */
export async function createSession(
  sql: Sql | Transaction,
  session: {
    tokenHash: Uint8Array;
    userId: string;
    first: FirstFactor;
    /** Of all factors together. */
    authentication: Authentication;
    /** Undefined: that of `first`. */
    origin?: SessionOrigin;
    /** Undefined: now. */
    authenticatedAt?: Date;
    now: Date;
    /** The absolute expiry, however much it is used. */
    expiresAt: Date;
    address: string;
    userAgent: string;
  },
): Promise<string | undefined> {
  const { first, origin = first } = session;
  const rows = await sql<{ id: string }[]>`
    with signed_in as (
      update users set last_signed_in_at = ${session.now}
      where id = ${session.userId} and disabled_at is null
        and ${isStillValid(sql, first)}
      returning id
    )
    insert into sessions (
      id, token_hash, user_id, created_at, authenticated_at, last_seen_at, expires_at,
      address, user_agent, acr, amr, passkey_id, identity_id, upstream_session_id
    )
    select ${randomUUID()}::uuid, ${session.tokenHash}::bytea, id, ${session.now}::timestamptz,
      ${session.authenticatedAt ?? session.now}::timestamptz, ${session.now}::timestamptz,
      ${session.expiresAt}::timestamptz,
      ${session.address}::text, ${session.userAgent}::text, ${session.authentication.acr}::text,
      ${sql.json([...session.authentication.amr])}::jsonb,
      ${origin.passkeyId ?? null}::uuid, ${origin.identityId ?? null}::uuid,
      ${origin.upstreamSessionId ?? null}::text
    from signed_in
    returning id`;
  return rows[0]?.id;
}

/** The condition on the row of a user that what they signed in with still exists. */
function isStillValid(sql: Sql | Transaction, first: FirstFactor) {
  // The lock orders it with the removal, which signs out the sessions that exist.
  const passkeyExists = sql`exists (
    select from passkeys where id = ${first.passkeyId ?? null}::uuid and user_id = users.id
      and blocked_at is null
    for share)`;
  const { method } = first;
  if (method === "passkey") return passkeyExists;
  // Others may have been confirmed with a passkey.
  return first.passkeyId === undefined
    ? firstExists(sql, { ...first, method })
    : sql`${firstExists(sql, { ...first, method })} and ${passkeyExists}`;
}

function firstExists(
  sql: Sql | Transaction,
  { method, passwordHash, identityId }: FirstFactor & { method: "password" | "upstream" },
) {
  switch (method) {
    case "password":
      return sql`password_hash is not distinct from ${passwordHash ?? null}::text`;
    case "upstream":
      return sql`exists (
        select 1 from identities i join identity_providers p on p.name = i.provider
        where i.id = ${identityId ?? null}::uuid and i.user_id = users.id and p.disabled_at is null
      )`;
  }
}

/**
 * Finds the active session of a token and records its use. A session expires `idleSeconds` after
 * its last use and at its absolute expiry, and is not found while its user is disabled.
 */
export async function findSession(
  sql: Sql,
  query: { tokenHash: Uint8Array; idleSeconds: number; now: Date },
): Promise<Session | undefined> {
  const { now } = query;
  const idleSince = new Date(now.getTime() - query.idleSeconds * 1000);
  const rows = await sql<Row[]>`
    select u.*, s.id as session_id, s.authenticated_at, s.acr, s.amr, s.created_at as session_created_at,
      s.last_seen_at, s.address, s.user_agent, s.passkey_id, s.identity_id, s.upstream_session_id
    from sessions s join users u on u.id = s.user_id
    where s.token_hash = ${query.tokenHash} and s.expires_at > ${now}
      and s.last_seen_at > ${idleSince} and u.disabled_at is null`;
  const row = rows[0];
  if (row === undefined) return undefined;
  const step = Math.min(LAST_SEEN_STEP, query.idleSeconds / 4);
  if (now.getTime() - row.last_seen_at.getTime() >= step * 1000) {
    await sql`
      update sessions set last_seen_at = ${now}
      where id = ${row.session_id} and last_seen_at < ${now}`;
  }
  return {
    id: row.session_id,
    user: userFromRow(row),
    authenticatedAt: row.authenticated_at,
    authentication: authenticationFromRow(row),
    origin: {
      passkeyId: row.passkey_id ?? undefined,
      identityId: row.identity_id ?? undefined,
      upstreamSessionId: row.upstream_session_id ?? undefined,
    },
    createdAt: row.session_created_at,
    address: row.address,
    userAgent: row.user_agent,
  };
}

/**
 * The id of a user's session that is not signed out and not past its absolute expiry, idle or not.
 */
export async function findUnexpiredSession(
  sql: Sql,
  query: { tokenHash: Uint8Array; userId: string; now: Date },
): Promise<string | undefined> {
  const rows = await sql<{ id: string }[]>`
    select id from sessions
    where token_hash = ${query.tokenHash} and user_id = ${query.userId}
      and expires_at > ${query.now}`;
  return rows[0]?.id;
}

export interface ListedSession {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  address: string;
  userAgent: string;
}

/** A user's active sessions, last used first. */
export async function listSessions(
  sql: Sql,
  query: { userId: string; idleSeconds: number; now: Date; limit: number },
): Promise<ListedSession[]> {
  const { now } = query;
  const idleSince = new Date(now.getTime() - query.idleSeconds * 1000);
  const rows = await sql<
    { id: string; created_at: Date; last_seen_at: Date; address: string; user_agent: string }[]
  >`
    select id, created_at, last_seen_at, address, user_agent from sessions
    where user_id = ${query.userId} and expires_at > ${now} and last_seen_at > ${idleSince}
    order by last_seen_at desc, id limit ${query.limit}`;
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    address: row.address,
    userAgent: row.user_agent,
  }));
}

/**
 * Signs out all sessions of a user except the one with the id `except`; returns how many were not
 * signed out or expired before.
 */
export async function signOutSessions(
  sql: Sql | Transaction,
  { userId, except, now }: { userId: string; except?: string; now: Date },
): Promise<number> {
  const rows = await sql`
    update sessions set expires_at = ${now}
    where user_id = ${userId} and id is distinct from ${except ?? null} and expires_at > ${now}
    returning id`;
  return rows.length;
}

/** Signs out the sessions that users started with accounts of a provider. */
export async function signOutSessionsOfProvider(
  tx: Transaction,
  { provider, now }: { provider: string; now: Date },
): Promise<void> {
  await tx`
    update sessions set expires_at = ${now}
    where identity_id in (select id from identities where provider = ${provider})
      and expires_at > ${now}`;
}

/** Signs out the sessions that a user started with an account of a provider. */
export async function signOutSessionsOfIdentity(
  tx: Transaction,
  { identityId, except, now }: { identityId: string; except?: string; now: Date },
): Promise<void> {
  await tx`
    update sessions set expires_at = ${now}
    where identity_id = ${identityId} and id is distinct from ${except ?? null}
      and expires_at > ${now}`;
}

/** Signs out the sessions in which a passkey was used to sign in, except the one with the id `except`. */
export async function signOutPasskeySessions(
  tx: Transaction,
  { passkeyId, except, now }: { passkeyId: string; except: string; now: Date },
): Promise<void> {
  await tx`
    update sessions set expires_at = ${now}
    where passkey_id = ${passkeyId} and id <> ${except} and expires_at > ${now}`;
}

/** Signs out all sessions of a user in which a passkey was used. */
export async function signOutAllPasskeySessions(
  tx: Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<void> {
  await tx`
    update sessions set expires_at = ${now}
    where user_id = ${userId} and passkey_id is not null and expires_at > ${now}`;
}

/**
 * Signs out a session. Its row stays until it is cleaned up, and records where the user signed in.
 */
export async function signOutSession(
  sql: Sql | Transaction,
  session: { id: string; now: Date },
): Promise<void> {
  await sql`
    update sessions set expires_at = least(expires_at, ${session.now}) where id = ${session.id}`;
}

/** Signs out a user's session; false if it was signed out or expired before. */
export async function signOutSessionOfUser(
  sql: Sql | Transaction,
  { id, userId, now }: { id: string; userId: string; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update sessions set expires_at = ${now}
    where id = ${id} and user_id = ${userId} and expires_at > ${now}
    returning id`;
  return rows.length === 1;
}

/** Signs out the sessions with these ids; returns how many were not signed out or expired before. */
export async function signOutSessionsById(
  tx: Transaction,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await tx`
    update sessions set expires_at = ${now} where id in ${tx(ids)} and expires_at > ${now}
    returning id`;
  return rows.length;
}

/** Addresses from which the user signed in, as long as sessions are kept; newest first. */
export async function signInAddresses(sql: Sql, userId: string): Promise<string[]> {
  const rows = await sql<{ address: string }[]>`
    select address from sessions where user_id = ${userId}
    group by address order by max(created_at) desc limit 100`;
  return rows.map((row) => row.address);
}

/**
 * Deletes sessions that expired or were signed out before `before`, at most `limit`; returns how
 * many.
 */
export async function deleteOldSessions(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from sessions where ctid = any(array(
      select ctid from sessions where expires_at < ${before} limit ${limit}))`;
  return count;
}
