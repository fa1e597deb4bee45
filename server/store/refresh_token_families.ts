import { type Authentication, authenticationFromRow } from "../sign_in/authentication.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import type { User, UserRow } from "./users.ts";

/** What the database knows of a refresh token. */
export interface RefreshTokenHashes {
  /** Of the part that all tokens of a family share. */
  handleHash: Uint8Array;
  hash: Uint8Array;
}

/** One login with offline access, and all of its refresh tokens. */
export interface RefreshTokenFamily {
  id: string;
  userId: string;
  clientId: string;
  scope: string;
  /** The identifiers of the resources that were approved; undefined: the default one only. */
  resources?: readonly string[];
  authenticatedAt: Date;
  authentication?: Authentication;
  createdAt: Date;
  lastUsedAt: Date;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  revokedAt?: Date;
  address: string;
  userAgent: string;
  /** As the device called itself, or as the user has renamed it. */
  name?: string;
}

/** A family with the state of one of its tokens. */
export interface PresentedFamily extends RefreshTokenFamily {
  /** `spent` is any token but the newest two, or a forgery. */
  token: "current" | "previous" | "spent";
  /**
   * Whether the database was restored to a time after which the login was not used here: its tokens
   * may have been replaced since, so that the client has a newer one than the database.
   */
  isRestored: boolean;
  userDisabled: boolean;
  /** What tokens say about the user. */
  user: Pick<
    User,
    "id" | "subject" | "email" | "emailVerified" | "name" | "isAdmin" | "groups"
  >;
}

interface Row {
  id: string;
  user_id: string;
  client_id: string;
  scope: string;
  resources: string[] | null;
  authenticated_at: Date;
  acr: string | null;
  amr: string[] | null;
  created_at: Date;
  last_used_at: Date;
  idle_expires_at: Date;
  absolute_expires_at: Date;
  revoked_at: Date | null;
  address: string;
  user_agent: string;
  name: string | null;
}

function fromRow(row: Row): RefreshTokenFamily {
  return {
    id: row.id,
    userId: row.user_id,
    clientId: row.client_id,
    scope: row.scope,
    resources: row.resources ?? undefined,
    authenticatedAt: row.authenticated_at,
    authentication: authenticationFromRow(row),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    idleExpiresAt: row.idle_expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
    revokedAt: row.revoked_at ?? undefined,
    address: row.address,
    userAgent: row.user_agent,
    name: row.name ?? undefined,
  };
}

export async function insertRefreshTokenFamily(
  tx: Transaction,
  family: RefreshTokenFamily & {
    /** The browser session in which the login was approved. */
    sessionId?: string;
  },
  first: RefreshTokenHashes,
): Promise<void> {
  await tx`
    insert into refresh_token_families (
      id, handle_hash, current_hash, user_id, client_id, scope, resources, authenticated_at,
      created_at, last_used_at, idle_expires_at, absolute_expires_at, address, user_agent, name,
      acr, amr, session_id
    ) values (
      ${family.id}, ${first.handleHash}, ${first.hash}, ${family.userId}, ${family.clientId},
      ${family.scope}, ${family.resources === undefined ? null : tx.json([...family.resources])},
      ${family.authenticatedAt}, ${family.createdAt}, ${family.lastUsedAt},
      ${family.idleExpiresAt}, ${family.absoluteExpiresAt}, ${family.address}, ${family.userAgent},
      ${family.name ?? null}, ${family.authentication?.acr ?? null},
      ${family.authentication === undefined ? null : tx.json([...family.authentication.amr])},
      ${family.sessionId ?? null}
    )`;
}

interface PresentedRow
  extends Row, Pick<UserRow, "subject" | "email" | "email_verified" | "groups"> {
  token: PresentedFamily["token"];
  disabled: boolean;
  restored: boolean;
  user_name: string;
  is_admin: boolean;
}

/** Finds the family of a token, valid or not. */
export async function findRefreshTokenFamily(
  sql: Sql | Transaction,
  hashes: RefreshTokenHashes,
): Promise<PresentedFamily | undefined> {
  const rows = await sql<PresentedRow[]>`
    select f.*, u.disabled_at is not null as disabled, u.subject, u.email, u.email_verified,
      u.name as user_name, u.is_admin or u.group_admin as is_admin, u.groups,
      exists (select from restores r where r.since >= f.last_used_at) as restored,
      case ${hashes.hash}::bytea
        when f.current_hash then 'current' when f.previous_hash then 'previous' else 'spent'
      end as token
    from refresh_token_families f join users u on u.id = f.user_id
    where f.handle_hash = ${hashes.handleHash}`;
  return rows.map((row) => ({
    ...fromRow(row),
    token: row.token,
    isRestored: row.restored,
    userDisabled: row.disabled,
    user: {
      id: row.user_id,
      subject: row.subject,
      email: row.email,
      emailVerified: row.email_verified,
      name: row.user_name,
      isAdmin: row.is_admin,
      groups: row.groups,
    },
  }))[0];
}

/** Revokes a family and the access tokens issued from it. False if it was revoked before. */
export async function revokeRefreshTokenFamily(
  sql: Sql | Transaction,
  revocation: { id: string; reason: string; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update refresh_token_families
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where id = ${revocation.id} and revoked_at is null
    returning id`;
  return rows.length === 1;
}

/** Revokes all families of a user; returns the ids of those that were not revoked before. */
export async function revokeRefreshTokenFamilies(
  sql: Sql | Transaction,
  revocation: { userId: string; reason: string; now: Date },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update refresh_token_families
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where user_id = ${revocation.userId} and revoked_at is null
    returning id`;
  return rows.map(({ id }) => id);
}

/** Revokes all families of a client; returns the ids of those that were not revoked before. */
export async function revokeRefreshTokenFamiliesOfClient(
  sql: Sql | Transaction,
  revocation: { clientId: string; reason: string; now: Date },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update refresh_token_families
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where client_id = ${revocation.clientId} and revoked_at is null
    returning id`;
  return rows.map(({ id }) => id);
}

/** Revokes the families that were approved in browser sessions; returns the ids of those. */
export async function revokeRefreshTokenFamiliesOfSessions(
  tx: Transaction,
  revocation: { sessionIds: readonly string[]; reason: string; now: Date },
): Promise<string[]> {
  if (revocation.sessionIds.length === 0) return [];
  const rows = await tx<{ id: string }[]>`
    update refresh_token_families
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where session_id in ${tx(revocation.sessionIds)} and revoked_at is null
    returning id`;
  return rows.map(({ id }) => id);
}

/** A login that is neither revoked nor expired. */
export async function findActiveLogin(
  sql: Sql | Transaction,
  { id, now }: { id: string; now: Date },
): Promise<RefreshTokenFamily | undefined> {
  const rows = await sql<Row[]>`
    select * from refresh_token_families
    where id = ${id} and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}`;
  return rows.map(fromRow)[0];
}

/**
 * Keeps an active login from being revoked until the transaction is over. False if it is not
 * active.
 */
export async function lockActiveLogin(
  tx: Transaction,
  { id, now }: { id: string; now: Date },
): Promise<boolean> {
  const rows = await tx`
    select 1 from refresh_token_families
    where id = ${id} and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}
    for share`;
  return rows.length === 1;
}

/**
 * Records a use of an active login, and locks it until the transaction is over: it is revoked, and
 * its tokens are counted, before or after. With `hash`, only if that refresh token is not spent.
 */
export async function useActiveLogin(
  tx: Transaction,
  { id, hash, now }: { id: string; hash?: Uint8Array; now: Date },
): Promise<RefreshTokenFamily | undefined> {
  const rows = await tx<Row[]>`
    update refresh_token_families f set last_used_at = greatest(f.last_used_at, ${now})
    from users u
    where f.id = ${id} and f.revoked_at is null
      and f.idle_expires_at > ${now} and f.absolute_expires_at > ${now}
      and (${hash ?? null}::bytea is null or ${hash ?? null} in (f.current_hash, f.previous_hash))
      and u.id = f.user_id and u.disabled_at is null
    returning f.*`;
  return rows.map(fromRow)[0];
}

/** Locks a login, active or not, until the transaction is over. */
export async function lockLogin(tx: Transaction, id: string): Promise<void> {
  await tx`select 1 from refresh_token_families where id = ${id} for update`;
}

/** A user's active logins, last used first. */
export async function listRefreshTokenFamilies(
  sql: Sql,
  query: { userId: string; now: Date; limit: number },
): Promise<RefreshTokenFamily[]> {
  const rows = await sql<Row[]>`
    select * from refresh_token_families
    where user_id = ${query.userId} and revoked_at is null
      and idle_expires_at > ${query.now} and absolute_expires_at > ${query.now}
    order by last_used_at desc limit ${query.limit}`;
  return rows.map(fromRow);
}

/** Renames a user's login. False if it is not active. */
export async function renameRefreshTokenFamily(
  sql: Sql | Transaction,
  { id, userId, name, now }: { id: string; userId: string; name: string; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update refresh_token_families set name = ${name}
    where id = ${id} and user_id = ${userId} and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}
    returning id`;
  return rows.length === 1;
}

/**
 * Deletes logins that expired or were revoked before `before`, at most `limit`; returns how many.
 * Those that expired since they were not used: sweepUnusedRefreshTokenFamilies.
 */
export async function deleteOldRefreshTokenFamilies(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from refresh_token_families where ctid = any(array(
      (select ctid from refresh_token_families where absolute_expires_at < ${before}
        limit ${limit})
      union all
      (select ctid from refresh_token_families where revoked_at < ${before} limit ${limit})
      limit ${limit}))`;
  return count;
}

/**
 * Deletes the logins that expired before `before` since they were not used, of the `limit` that
 * follow `after` in the order of their ids. Returns the last id, or undefined after the last login.
 * An index on the time, which each refresh changes, would make every refresh write to all indexes.
 */
export async function sweepUnusedRefreshTokenFamilies(
  sql: Sql,
  { before, after, limit }: { before: Date; after: string; limit: number },
): Promise<{ last?: string; deleted: number }> {
  const [{ last, deleted }] = await sql<{ last: string | null; deleted: number }[]>`
    with swept as materialized (
      select id, idle_expires_at from refresh_token_families
      where id > ${after} order by id limit ${limit}
    ), deleted as (
      delete from refresh_token_families where id = any(array(
        select id from swept where idle_expires_at < ${before}))
      returning 1
    )
    select (select id from swept order by id desc limit 1) as last,
      (select count(*)::int from deleted) as deleted`;
  return { last: last ?? undefined, deleted };
}
