import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "../db/connect.ts";

/** A directory that provisions users and groups over SCIM. */
export interface Directory {
  id: string;
  name: string;
  /** Mail domains whose accounts it may take over, in lower case; empty: none. */
  domains: string[];
  tokenPrefix: string;
  tokenCreatedAt: Date;
  /** Until when the token before the last rotation is accepted. */
  previousTokenExpiresAt?: Date;
  createdAt: Date;
  lastUsedAt?: Date;
  disabledAt?: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
}

/** With how many users and groups it has provisioned. */
export interface ListedDirectory extends Directory {
  users: number;
  groups: number;
}

interface Row {
  id: string;
  name: string;
  domains: string[];
  token_prefix: string;
  token_created_at: Date;
  previous_token_expires_at: Date | null;
  created_at: Date;
  last_used_at: Date | null;
  disabled_at: Date | null;
  managed_by: string | null;
}

function fromRow(row: Row): Directory {
  return {
    id: row.id,
    name: row.name,
    domains: row.domains,
    tokenPrefix: row.token_prefix,
    tokenCreatedAt: row.token_created_at,
    previousTokenExpiresAt: row.previous_token_expires_at ?? undefined,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
    managedBy: row.managed_by ?? undefined,
  };
}

export interface NewDirectory {
  name: string;
  domains: readonly string[];
  tokenHash: Uint8Array;
  tokenPrefix: string;
  now: Date;
}

/** False if there is a directory of this name. */
export async function insertDirectory(
  sql: Sql | Transaction,
  { name, domains, tokenHash, tokenPrefix, now }: NewDirectory,
): Promise<boolean> {
  const rows = await sql`
    insert into directories (
      id, name, domains, token_hash, token_prefix, token_created_at, created_at
    ) values (
      ${randomUUID()}, ${name}, ${sql.json([...domains])}, ${tokenHash}, ${tokenPrefix}, ${now},
      ${now}
    ) on conflict (name) do nothing returning id`;
  return rows.length === 1;
}

/** The directory with this token, or with it as the one before the last rotation. */
export async function findDirectoryByToken(
  sql: Sql,
  { tokenHash, now }: { tokenHash: Uint8Array; now: Date },
): Promise<Directory | undefined> {
  const rows = await sql<Row[]>`
    select * from directories
    where token_hash = ${tokenHash}
      or (previous_token_hash = ${tokenHash} and previous_token_expires_at > ${now})`;
  return rows.map(fromRow)[0];
}

/** A use is recorded at most this often, in seconds. */
const LAST_USED_STEP = 60;

export async function recordDirectoryUse(
  sql: Sql,
  { id, lastUsedAt }: Pick<Directory, "id" | "lastUsedAt">,
  now: Date,
): Promise<void> {
  if (lastUsedAt !== undefined && now.getTime() - lastUsedAt.getTime() < LAST_USED_STEP * 1000) {
    return;
  }
  await sql`
    update directories set last_used_at = greatest(last_used_at, ${now}) where id = ${id}`;
}

/** By name; at most 200. */
export async function listDirectories(sql: Sql | Transaction): Promise<ListedDirectory[]> {
  const rows = await sql<(Row & { users: number; groups: number })[]>`
    select d.*,
      (select count(*)::int from directory_users u
        where u.directory_id = d.id and u.deleted_at is null) as users,
      (select count(*)::int from directory_groups g where g.directory_id = d.id) as groups
    from directories d order by d.name collate "C" limit 200`;
  return rows.map((row) => ({ ...fromRow(row), users: row.users, groups: row.groups }));
}

export async function findDirectory(
  sql: Sql | Transaction,
  name: string,
): Promise<ListedDirectory | undefined> {
  return (await listDirectories(sql)).find((directory) => directory.name === name);
}

/** Excludes other changes of the directory until the transaction is over. */
export async function lockDirectory(
  tx: Transaction,
  name: string,
): Promise<Directory | undefined> {
  const rows = await tx<Row[]>`select * from directories where name = ${name} for no key update`;
  return rows.map(fromRow)[0];
}

/** The present token is accepted until `previousExpiresAt`, the one before it no longer. */
export async function rotateDirectoryToken(
  tx: Transaction,
  { id, tokenHash, tokenPrefix, previousExpiresAt, now }: {
    id: string;
    tokenHash: Uint8Array;
    tokenPrefix: string;
    previousExpiresAt: Date;
    now: Date;
  },
): Promise<void> {
  await tx`
    update directories set
      previous_token_hash = token_hash, previous_token_expires_at = ${previousExpiresAt},
      token_hash = ${tokenHash}, token_prefix = ${tokenPrefix}, token_created_at = ${now}
    where id = ${id}`;
}

/** Undefined members do not change. */
export async function updateDirectory(
  tx: Transaction,
  id: string,
  { domains, disabled, now }: { domains?: readonly string[]; disabled?: boolean; now: Date },
): Promise<void> {
  await tx`
    update directories set
      domains = coalesce(${domains === undefined ? null : tx.json([...domains])}::jsonb, domains),
      disabled_at = case ${disabled ?? null}::boolean
        when true then coalesce(disabled_at, ${now}) when false then null else disabled_at end
    where id = ${id}`;
}

/**
 * Deletes a directory with its users and groups; the accounts stay, and no other directory of the
 * same name enables those that it has disabled.
 */
export async function deleteDirectory(tx: Transaction, id: string): Promise<void> {
  await tx`
    update users set disabled_by = null
    where disabled_by = (select 'scim:' || name from directories where id = ${id})`;
  await tx`delete from directories where id = ${id}`;
}
