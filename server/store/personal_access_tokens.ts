import { nameKey } from "../../shared/name_key.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** Whose token it is. */
export interface TokenOwner {
  kind: "user" | "service_account";
  id: string;
  /** A person's e-mail address, or a service account's name. */
  username: string;
}

/** A personal access token, as lists show it: never the token itself. */
export interface PersonalAccessToken {
  id: string;
  owner: TokenOwner;
  name: string;
  /** Its first characters. */
  prefix: string;
  scope: string;
  audience: string;
  /** CIDR networks; empty: from anywhere. */
  allowedAddresses: string[];
  createdAt: Date;
  /** Undefined: never. */
  expiresAt?: Date;
  lastUsedAt?: Date;
  lastUsedAddress?: string;
  lastUsedAgent?: string;
  revokedAt?: Date;
  revokedReason?: string;
  /** The token it replaces. */
  rotatedFrom?: string;
  /** The login it was created with; undefined: none, or one that is no longer known. */
  createdByLogin?: string;
  /** Who found it in the open, and where if that was told. */
  leak?: { at: Date; reporter: string; place?: string };
}

/** What a check needs of a token. Times are in ms since 1970. */
export interface CheckedToken {
  id: string;
  owner: { kind: TokenOwner["kind"]; id: string };
  scope: string;
  audience: string;
  allowedAddresses: string[];
  createdAt: number;
  /** Infinity: never. */
  expiresAt: number;
  revokedAt?: Date;
}

/** What a check needs of a token's owner. */
export interface CheckedOwner {
  id: string;
  username: string;
  disabled: boolean;
  isAdmin: boolean;
  /** A service account's scopes; undefined for people. */
  scope?: string;
}

export interface NewToken {
  id: string;
  owner: { kind: TokenOwner["kind"]; id: string };
  name: string;
  tokenHash: Uint8Array;
  prefix: string;
  scope: string;
  audience: string;
  allowedAddresses: string[];
  createdAt: Date;
  expiresAt?: Date;
  rotatedFrom?: string;
  createdByLogin?: string;
}

interface Row {
  id: string;
  user_id: string | null;
  service_account_id: string | null;
  username: string;
  name: string;
  token_prefix: string;
  scope: string;
  audience: string;
  allowed_addresses: string[];
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  last_used_address: string | null;
  last_used_agent: string | null;
  revoked_at: Date | null;
  revoked_reason: string | null;
  rotated_from: string | null;
  created_by_login: string | null;
  leaked_at: Date | null;
  leak_reporter: string | null;
  leak_place: string | null;
}

function fromRow(row: Row): PersonalAccessToken {
  return {
    id: row.id,
    owner: {
      kind: row.user_id === null ? "service_account" : "user",
      id: (row.user_id ?? row.service_account_id)!,
      username: row.username,
    },
    name: row.name,
    prefix: row.token_prefix,
    scope: row.scope,
    audience: row.audience,
    allowedAddresses: row.allowed_addresses,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
    lastUsedAgent: row.last_used_agent ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    revokedReason: row.revoked_reason ?? undefined,
    rotatedFrom: row.rotated_from ?? undefined,
    createdByLogin: row.created_by_login ?? undefined,
    leak: row.leaked_at === null ? undefined : {
      at: row.leaked_at,
      reporter: row.leak_reporter!,
      place: row.leak_place ?? undefined,
    },
  };
}

/** Tokens with their owners: all, or what a statement has called `rows`. */
const withOwner = (sql: Sql | Transaction, rows = sql`personal_access_tokens`) =>
  sql`
    select t.*, coalesce(u.email, s.name) as username
    from ${rows} t
      left join users u on u.id = t.user_id
      left join service_accounts s on s.id = t.service_account_id`;

/** False if the id or the hash is taken, or the token it replaces has been replaced already. */
export async function insertPersonalAccessToken(
  sql: Sql | Transaction,
  token: NewToken,
): Promise<boolean> {
  const { kind, id: ownerId } = token.owner;
  const rows = await sql`
    insert into personal_access_tokens (
      id, user_id, service_account_id, name, name_key, token_hash, token_prefix, scope, audience,
      allowed_addresses, created_at, expires_at, rotated_from, created_by_login
    ) values (
      ${token.id}, ${kind === "user" ? ownerId : null},
      ${kind === "service_account" ? ownerId : null}, ${token.name}, ${nameKey(token.name)},
      ${token.tokenHash}, ${token.prefix}, ${token.scope}, ${token.audience},
      ${sql.json(token.allowedAddresses)}, ${token.createdAt}, ${token.expiresAt ?? null},
      ${token.rotatedFrom ?? null}, ${token.createdByLogin ?? null}
    )
    on conflict do nothing
    returning id`;
  return rows.length === 1;
}

/**
 * Lets nobody else make, rotate or end all tokens of this owner until the transaction
 * ends. Taken before any lock on a token, or two could wait for each other.
 */
export async function lockTokenOwner(tx: Transaction, ownerId: string): Promise<void> {
  await tx`select 1 from users where id = ${ownerId} for no key update`;
  await tx`select 1 from service_accounts where id = ${ownerId} for no key update`;
}

/** How many tokens somebody has that live at `livingAt` or were made after `madeAfter`. */
export async function countTokensOf(
  tx: Transaction,
  ownerId: string,
  { livingAt, madeAfter }: { livingAt?: Date; madeAfter: Date },
): Promise<number> {
  const rows = await tx<{ count: number }[]>`
    select count(*)::int as count from personal_access_tokens
    where (user_id = ${ownerId} or service_account_id = ${ownerId})
      and (created_at > ${madeAfter} or (
        ${livingAt ?? null}::timestamptz is not null and revoked_at is null
        and (expires_at is null or expires_at > ${livingAt ?? null}::timestamptz)))`;
  return rows[0].count;
}

/**
 * Finds tokens, living or not, by the hashes (in hex) of what was presented: one read
 * of an index, and as little of each row as will do, since this is what a check costs.
 */
export async function findTokensToCheck(
  sql: Sql,
  hashes: readonly string[],
): Promise<Map<string, CheckedToken>> {
  const rows = await sql<
    {
      hash: string;
      id: string;
      user_id: string | null;
      service_account_id: string | null;
      scope: string;
      audience: string;
      allowed_addresses: string[] | null;
      created_at: number;
      expires_at: number | null;
      revoked_at: Date | null;
    }[]
  >`
    select encode(token_hash, 'hex') as hash, id, user_id, service_account_id, scope, audience,
      nullif(allowed_addresses, '[]') as allowed_addresses,
      (extract(epoch from created_at) * 1000)::float8 as created_at,
      (extract(epoch from expires_at) * 1000)::float8 as expires_at, revoked_at
    from personal_access_tokens
    where token_hash = any (${`{"\\\\x${hashes.join('","\\\\x')}"}`}::text::bytea[])`;
  return new Map(rows.map((row) => [row.hash, {
    id: row.id,
    owner: {
      kind: row.user_id === null ? "service_account" : "user",
      id: (row.user_id ?? row.service_account_id)!,
    },
    scope: row.scope,
    audience: row.audience,
    allowedAddresses: row.allowed_addresses ?? [],
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? Infinity,
    revokedAt: row.revoked_at ?? undefined,
  }]));
}

/** What an owner may do now. */
export async function findCheckedOwner(
  sql: Sql,
  { kind, id }: { kind: TokenOwner["kind"]; id: string },
): Promise<CheckedOwner | undefined> {
  const rows = await sql<
    { username: string; disabled: boolean; is_admin: boolean; scope: string | null }[]
  >`
    ${
    kind === "user"
      ? sql`select email as username, disabled_at is not null as disabled, is_admin,
          null as scope from users`
      : sql`select name as username, disabled_at is not null as disabled, false as is_admin,
          scope from service_accounts`
  }
    where id = ${id}`;
  return rows.map(({ username, disabled, is_admin: isAdmin, scope }) => ({
    id,
    username,
    disabled,
    isAdmin,
    scope: scope ?? undefined,
  }))[0];
}

/** Finds those of many tokens that are ours, by their hashes in hex. */
export async function findTokensByHash(
  sql: Sql,
  hashes: readonly string[],
): Promise<Map<string, PersonalAccessToken>> {
  if (hashes.length === 0) return new Map();
  const rows = await sql<(Row & { hash: string })[]>`
    select t.*, coalesce(u.email, s.name) as username, encode(t.token_hash, 'hex') as hash
    from personal_access_tokens t
      left join users u on u.id = t.user_id
      left join service_accounts s on s.id = t.service_account_id
    where t.token_hash in (
      select decode(value, 'hex') from jsonb_array_elements_text(${sql.json([...hashes])})
    )`;
  return new Map(rows.map((row) => [row.hash, fromRow(row)]));
}

export async function findPersonalAccessToken(
  sql: Sql | Transaction,
  id: string,
): Promise<PersonalAccessToken | undefined> {
  const rows = await sql<Row[]>`${withOwner(sql)} where t.id = ${id}`;
  return rows.map(fromRow)[0];
}

/** Finds a token and keeps others from changing it until the transaction ends. */
export async function lockPersonalAccessToken(
  tx: Transaction,
  id: string,
): Promise<PersonalAccessToken | undefined> {
  const rows = await tx<Row[]>`${withOwner(tx)} where t.id = ${id} for update of t`;
  return rows.map(fromRow)[0];
}

/** A place in a list that is ordered from the newest token to the oldest. */
export interface ListPosition {
  createdAt: Date;
  id: string;
}

/** Whoever rotated a token knows that it ends. */
const hasNoSuccessor = (sql: Sql) =>
  sql`not exists (
    select from personal_access_tokens successor where successor.rotated_from = t.id)`;

/**
 * Tokens from the newest on: one owner's, or everybody's. `search` is looked for
 * in names, and at the beginning of tokens. `standing` picks those that live at a
 * moment, or those that have ended; `endingBefore` those that end by themselves
 * before then and have no successor yet. `after` gives those older than a place in
 * the list, `before` the ones just newer, of which there may be more.
 */
export async function listPersonalAccessTokens(
  sql: Sql,
  query: {
    ownerId?: string;
    createdByLogin?: string;
    search?: string;
    standing?: { at: Date; living: boolean };
    endingBefore?: Date;
    after?: ListPosition;
    before?: ListPosition;
    limit: number;
  },
): Promise<PersonalAccessToken[]> {
  const { ownerId, createdByLogin, search, standing, endingBefore, after, before } = query;
  const pattern = (text: string) => text.replace(/[\\%_]/g, "\\$&");
  const rows = await sql<Row[]>`
    ${withOwner(sql)}
    where true
      ${
    ownerId === undefined ? sql`` : sql`and (t.user_id = ${ownerId}
        or t.service_account_id = ${ownerId})`
  }
      ${createdByLogin === undefined ? sql`` : sql`and t.created_by_login = ${createdByLogin}`}
      ${
    search === undefined ? sql`` : sql`and (t.name_key like ${`%${pattern(nameKey(search))}%`}
        or t.token_prefix like ${`${pattern(search.slice(0, 12))}%`})`
  }
      ${
    standing === undefined
      ? sql``
      : standing.living
      ? sql`and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${standing.at})`
      : sql`and (t.revoked_at is not null or t.expires_at <= ${standing.at})`
  }
      ${
    endingBefore === undefined
      ? sql``
      : sql`and t.expires_at <= ${endingBefore} and ${hasNoSuccessor(sql)}`
  }
      ${
    after === undefined ? sql`` : sql`and (t.created_at, t.id) <
        (${after.createdAt}::timestamptz, ${after.id}::uuid)`
  }
      ${
    before === undefined ? sql`` : sql`and (t.created_at, t.id) >
        (${before.createdAt}::timestamptz, ${before.id}::uuid)`
  }
    order by ${before === undefined ? sql`t.created_at desc, t.id desc` : sql`t.created_at, t.id`}
    limit ${query.limit}`;
  const found = rows.map(fromRow);
  return before === undefined ? found : found.reverse();
}

/** Ends tokens that are alive; returns the ids of those it ended. */
export async function revokePersonalAccessTokens(
  sql: Sql | Transaction,
  revocation: { ids: readonly string[]; reason: string; now: Date },
): Promise<string[]> {
  if (revocation.ids.length === 0) return [];
  const rows = await sql<{ id: string }[]>`
    update personal_access_tokens
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where revoked_at is null and id in (
      select value::uuid from jsonb_array_elements_text(${sql.json([...revocation.ids])})
    )
    returning id`;
  return rows.map(({ id }) => id);
}

/** Revokes all living tokens of one owner; returns them. */
export async function revokeTokensOf(
  tx: Transaction,
  { ownerId, ...revocation }: { ownerId: string; reason: string; now: Date },
): Promise<PersonalAccessToken[]> {
  const owned = tx`(user_id = ${ownerId} or service_account_id = ${ownerId})`;
  return await revokeLiving(tx, owned, revocation);
}

/** Revokes the living tokens that were created with a login; returns them. */
export async function revokeTokensCreatedByLogin(
  tx: Transaction,
  { loginId, ...revocation }: { loginId: string; reason: string; now: Date },
): Promise<PersonalAccessToken[]> {
  return await revokeLiving(tx, tx`created_by_login = ${loginId}`, revocation);
}

/** Locks in one order, as uses are recorded. */
async function revokeLiving(
  tx: Transaction,
  which: ReturnType<typeof hasNoSuccessor>,
  { reason, now }: { reason: string; now: Date },
): Promise<PersonalAccessToken[]> {
  const rows = await tx<Row[]>`
    with living as (
      select id from personal_access_tokens
      where ${which} and revoked_at is null and (expires_at is null or expires_at > ${now})
      order by id for update
    ), revoked as (
      update personal_access_tokens t set revoked_at = ${now}, revoked_reason = ${reason}
      from living where t.id = living.id returning t.*
    )
    ${withOwner(tx, tx`revoked`)}`;
  return rows.map(fromRow);
}

/**
 * Notes where living tokens were found, except for those of which that was noted after
 * `unlessSince` already; returns the ids of those noted now.
 */
export async function recordLeaks(
  tx: Transaction,
  report: {
    leaks: readonly { id: string; place: string | null }[];
    reporter: string;
    now: Date;
    unlessSince: Date;
  },
): Promise<string[]> {
  if (report.leaks.length === 0) return [];
  const leaks = report.leaks.map(({ id, place }) => ({ id, place }));
  const rows = await tx<{ id: string }[]>`
    with leak as (
      select * from jsonb_to_recordset(${tx.json(leaks)}) as leak (id uuid, place text)
    ), locked as (
      select t.id from personal_access_tokens t where t.id in (select id from leak)
      order by t.id for update
    )
    update personal_access_tokens t
    set leaked_at = ${report.now}, leak_reporter = ${report.reporter}, leak_place = leak.place
    from leak join locked on locked.id = leak.id
    where t.id = leak.id and t.revoked_at is null
      and (t.expires_at is null or t.expires_at > ${report.now})
      and (t.leaked_at is null or t.leaked_at <= ${report.unlessSince})
    returning t.id`;
  return rows.map(({ id }) => id);
}

/** Lets a token end at `expiresAt` at the latest. */
export async function shortenPersonalAccessToken(
  sql: Sql | Transaction,
  { id, expiresAt }: { id: string; expiresAt: Date },
): Promise<void> {
  await sql`
    update personal_access_tokens
    set expires_at = least(coalesce(expires_at, ${expiresAt}), ${expiresAt})
    where id = ${id}`;
}

/** When, from where and with what a token was last used. */
export interface TokenUse {
  at: Date;
  /** Undefined where a resource server asked. */
  address?: string;
  agent?: string;
}

/**
 * Writes down many uses in one statement, locking in one order so that replicas
 * do not wait for each other. An older use never replaces a newer one.
 */
export async function recordTokenUses(
  sql: Sql,
  uses: readonly (TokenUse & { id: string })[],
): Promise<void> {
  const list = uses.map(({ id, at, address, agent }) => ({
    id,
    at: at.toISOString(),
    address: address ?? null,
    agent: agent ?? null,
  }));
  await sql`
    with used as (
      select * from jsonb_to_recordset(${sql.json(list)})
        as used (id uuid, at timestamptz, address text, agent text)
    ), locked as (
      select t.id from personal_access_tokens t where t.id in (select id from used)
      order by t.id for update
    )
    update personal_access_tokens t
    set last_used_at = used.at,
      last_used_address = coalesce(used.address, t.last_used_address),
      last_used_agent = coalesce(used.agent, t.last_used_agent)
    from used join locked on locked.id = used.id
    where t.id = used.id and (t.last_used_at is null or t.last_used_at < used.at)`;
}

/** Deletes tokens that ended before `before`, at most `limit`; returns how many. */
export async function deleteOldPersonalAccessTokens(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from personal_access_tokens where id in (
      select id from personal_access_tokens
      where revoked_at < ${before} or (revoked_at is null and expires_at < ${before})
      limit ${limit})`;
  return count;
}

/**
 * Living tokens without successor that end before `before` and whose owners got fewer
 * than `warnings` warnings, which are counted as given: of many replicas one gets each
 * token. `ofPeople`: not those of service accounts.
 */
export async function takeExpiringTokens(
  sql: Sql,
  query: { now: Date; before: Date; warnings: number; ofPeople: boolean; limit: number },
): Promise<PersonalAccessToken[]> {
  const rows = await sql<Row[]>`
    with due as (
      select t.id from personal_access_tokens t
      where t.revoked_at is null and t.expires_at > ${query.now}
        and t.expires_at <= ${query.before} and t.expiry_warnings < ${query.warnings}
        and (t.user_id is not null or not ${query.ofPeople}::boolean)
        and ${hasNoSuccessor(sql)}
      order by t.id limit ${query.limit} for update skip locked
    ), taken as (
      update personal_access_tokens t set expiry_warnings = ${query.warnings}
      from due where t.id = due.id returning t.*
    )
    ${withOwner(sql, sql`taken`)}`;
  return rows.map(fromRow);
}
