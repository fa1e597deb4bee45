import { randomUUID } from "node:crypto";
import { nameKey } from "../../../shared/name_key.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import { type Columns, type Condition, conditionSql } from "./condition.ts";
import { orderBy, type SortKey } from "./sort.ts";

/** Attributes as they are in SCIM, without those that have columns. */
export type StoredAttributes = Record<string, unknown>;

/** A user as a directory has provisioned it. */
export interface DirectoryUser {
  id: string;
  /** The account. */
  userId: string;
  userName: string;
  externalId?: string;
  attributes: StoredAttributes;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** Whether the account is enabled. */
  active: boolean;
  /** Groups of the directory that the user is in. */
  groups: { id: string; name: string }[];
}

interface Row {
  id: string;
  user_id: string;
  user_name: string;
  external_id: string | null;
  attributes: StoredAttributes;
  version: number;
  created_at: Date;
  updated_at: Date;
  disabled_at: Date | null;
  groups: { id: string; name: string }[];
}

function fromRow(row: Row): DirectoryUser {
  return {
    id: row.id,
    userId: row.user_id,
    userName: row.user_name,
    externalId: row.external_id ?? undefined,
    attributes: row.attributes,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    active: row.disabled_at === null,
    groups: row.groups,
  };
}

/** Groups that a user is shown with. */
const MAX_SHOWN_GROUPS = 1000;

function selectUsers(sql: Sql | Transaction) {
  return sql`
    select d.id, d.user_id, d.user_name, d.external_id, d.attributes, d.version, d.created_at,
      d.updated_at, u.disabled_at, coalesce((
        select jsonb_agg(jsonb_build_object('id', g.id, 'name', g.display_name)
          order by g.display_name collate "C")
        from (
          select g.id, g.display_name from directory_group_members m
          join directory_groups g on g.id = m.group_id
          where m.member_id = d.id limit ${MAX_SHOWN_GROUPS}
        ) g
      ), '[]') as groups
    from directory_users d join users u on u.id = d.user_id`;
}

function columns(sql: Sql | Transaction): Columns {
  return {
    json: sql`d.keys`,
    columns: {
      id: sql`d.id::text`,
      name: sql`d.user_name_key`,
      external_id: sql`d.external_id`,
      active: sql`(u.disabled_at is null)`,
      created: sql`d.created_at`,
      modified: sql`d.updated_at`,
      list: sql`(
        select jsonb_build_object('value', g.id, 'display', g.display_name_key, 'type', 'direct')
        from directory_group_members m join directory_groups g on g.id = m.group_id
        where m.member_id = d.id)`,
    },
  };
}

/** Undefined for users of other directories too. */
export async function findDirectoryUser(
  sql: Sql | Transaction,
  { directoryId, id }: { directoryId: string; id: string },
): Promise<DirectoryUser | undefined> {
  const rows = await sql<Row[]>`
    ${selectUsers(sql)}
    where d.id = ${id} and d.directory_id = ${directoryId} and d.deleted_at is null`;
  return rows.map(fromRow)[0];
}

/** The id of the account, which is locked first: changes of one user wait for each other. */
export async function lockDirectoryUser(
  tx: Transaction,
  { directoryId, id }: { directoryId: string; id: string },
): Promise<DirectoryUser | undefined> {
  await tx`
    select 1 from users where id = (select user_id from directory_users where id = ${id})
    for no key update`;
  return await findDirectoryUser(tx, { directoryId, id });
}

export interface Page {
  condition?: Condition;
  sort?: SortKey;
  offset: number;
  limit: number;
}

export async function listDirectoryUsers(
  sql: Sql,
  directoryId: string,
  { condition, sort, offset, limit }: Page,
): Promise<{ users: DirectoryUser[]; total: number }> {
  const at = columns(sql);
  const where = sql`d.directory_id = ${directoryId} and d.deleted_at is null ${
    condition === undefined ? sql`` : sql`and ${conditionSql(sql, condition, at)}`
  }`;
  const [{ total }] = await sql<{ total: number }[]>`
    select count(*)::int as total from directory_users d join users u on u.id = d.user_id
    where ${where}`;
  if (limit === 0 || offset >= total) return { users: [], total };
  const rows = await sql<Row[]>`
    ${selectUsers(sql)} where ${where} ${orderBy(sql, sort, at)} limit ${limit} offset ${offset}`;
  return { users: rows.map(fromRow), total };
}

/** The values that a directory gave a user. */
export interface DirectoryUserValues {
  userName: string;
  externalId?: string;
  attributes: StoredAttributes;
  /** The same with strings as they are compared. */
  keys: StoredAttributes;
}

/** Throws the database's unique_violation (23505) if the name or the account is taken. */
export async function insertDirectoryUser(
  tx: Transaction,
  { directoryId, userId, userName, externalId, attributes, keys, now }:
    & DirectoryUserValues
    & { directoryId: string; userId: string; now: Date },
): Promise<string> {
  const id = randomUUID();
  await tx`
    insert into directory_users (
      id, directory_id, user_id, user_name, user_name_key, external_id, attributes, keys,
      created_at, updated_at
    ) values (
      ${id}, ${directoryId}, ${userId}, ${userName}, ${nameKey(userName)}, ${externalId ?? null},
      ${tx.json(attributes as never)}, ${tx.json(keys as never)}, ${now}, ${now}
    )`;
  return id;
}

/** Throws the database's unique_violation (23505) if the name is taken. */
export async function updateDirectoryUser(
  tx: Transaction,
  { id, userName, externalId, attributes, keys, now }:
    & DirectoryUserValues
    & { id: string; now: Date },
): Promise<void> {
  await tx`
    update directory_users set
      user_name = ${userName}, user_name_key = ${nameKey(userName)},
      external_id = ${externalId ?? null}, attributes = ${tx.json(attributes as never)},
      keys = ${tx.json(keys as never)}, version = version + 1, updated_at = ${now}
    where id = ${id}`;
}

/** The resource is gone; that the directory had the account is kept, without personal data. */
export async function markDirectoryUserDeleted(
  tx: Transaction,
  { id, now }: { id: string; now: Date },
): Promise<void> {
  await tx`delete from directory_group_members where member_id = ${id}`;
  await tx`
    update directory_users set deleted_at = ${now}, attributes = '{}', keys = '{}' where id = ${id}`;
}

/** Which directories an account belongs to or has belonged to. */
export interface AccountDirectory {
  directoryId: string;
  directoryName: string;
  deletedAt?: Date;
}

export async function directoriesOfAccount(
  sql: Sql | Transaction,
  userId: string,
): Promise<AccountDirectory[]> {
  const rows = await sql<{ directory_id: string; name: string; deleted_at: Date | null }[]>`
    select d.directory_id, s.name, d.deleted_at
    from directory_users d join directories s on s.id = d.directory_id
    where d.user_id = ${userId} order by d.created_at, d.id`;
  return rows.map((row) => ({
    directoryId: row.directory_id,
    directoryName: row.name,
    deletedAt: row.deleted_at ?? undefined,
  }));
}
