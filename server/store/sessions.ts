import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** A browser that a person signed in with. */
export interface Session {
  id: string;
  user: User;
  /** When the password was last given. */
  authenticatedAt: Date;
  createdAt: Date;
  address: string;
  userAgent: string;
}

/** A use is noted at most this often, in seconds: not every page needs a write. */
const LAST_SEEN_STEP = 60;

interface Row extends UserRow {
  session_id: string;
  authenticated_at: Date;
  session_created_at: Date;
  last_seen_at: Date;
  address: string;
  user_agent: string;
}

/** Starts a session and returns its id; undefined if the person has just been disabled. */
export async function createSession(
  sql: Sql | Transaction,
  session: {
    tokenHash: Uint8Array;
    userId: string;
    now: Date;
    /** The absolute end, however much it is used. */
    expiresAt: Date;
    address: string;
    userAgent: string;
  },
): Promise<string | undefined> {
  const rows = await sql<{ id: string }[]>`
    insert into sessions (
      id, token_hash, user_id, created_at, authenticated_at, last_seen_at, expires_at,
      address, user_agent
    )
    select ${randomUUID()}::uuid, ${session.tokenHash}::bytea, id, ${session.now}::timestamptz,
      ${session.now}::timestamptz, ${session.now}::timestamptz, ${session.expiresAt}::timestamptz,
      ${session.address}::text, ${session.userAgent}::text
    from users where id = ${session.userId} and disabled_at is null
    returning id`;
  return rows[0]?.id;
}

/**
 * The living session of a token, and notes that it was used. A session ends
 * `idleSeconds` after its last use, at its absolute end, or with its person.
 */
export async function findSession(
  sql: Sql,
  query: { tokenHash: Uint8Array; idleSeconds: number; now: Date },
): Promise<Session | undefined> {
  const { now } = query;
  const idleSince = new Date(now.getTime() - query.idleSeconds * 1000);
  const rows = await sql<Row[]>`
    select u.*, s.id as session_id, s.authenticated_at, s.created_at as session_created_at,
      s.last_seen_at, s.address, s.user_agent
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
    createdAt: row.session_created_at,
    address: row.address,
    userAgent: row.user_agent,
  };
}

/** The id of a person's session that was not ended and has not reached its absolute end, idle or not. */
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

/** A browser as a list shows it. */
export interface ListedSession {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  address: string;
  userAgent: string;
}

/** A person's living sessions, last used first. */
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

/** Ends all of a person's sessions, but for the one with the id `except`; returns how many lived. */
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

/** Ends a session. Its row stays until the clean-up, as a trace of where the person signed in. */
export async function signOutSession(
  sql: Sql | Transaction,
  session: { id: string; now: Date },
): Promise<void> {
  await sql`
    update sessions set expires_at = least(expires_at, ${session.now}) where id = ${session.id}`;
}

/** Addresses the person signed in from, as far back as sessions are kept; newest first. */
export async function signInAddresses(sql: Sql, userId: string): Promise<string[]> {
  const rows = await sql<{ address: string }[]>`
    select address from sessions where user_id = ${userId}
    group by address order by max(created_at) desc limit 100`;
  return rows.map((row) => row.address);
}

/** Deletes sessions that ended before `before`, at most `limit`; returns how many. */
export async function deleteOldSessions(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from sessions where id in (
      select id from sessions where expires_at < ${before} limit ${limit})`;
  return count;
}
