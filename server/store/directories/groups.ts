import { randomUUID } from "node:crypto";
import { nameKey } from "../../../shared/name_key.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import { type Columns, conditionSql } from "./condition.ts";
import { orderBy } from "./sort.ts";
import type { Page } from "./users.ts";

/** A group as a directory has provisioned it. */
export interface DirectoryGroup {
  id: string;
  displayName: string;
  externalId?: string;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

interface Row {
  id: string;
  display_name: string;
  external_id: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

function fromRow(row: Row): DirectoryGroup {
  return {
    id: row.id,
    displayName: row.display_name,
    externalId: row.external_id ?? undefined,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function columns(sql: Sql | Transaction): Columns {
  return {
    json: sql`jsonb_build_object(
      'displayName', d.display_name_key, 'meta', jsonb_build_object('resourceType', 'Group'))`,
    columns: {
      id: sql`d.id::text`,
      external_id: sql`d.external_id`,
      created: sql`d.created_at`,
      modified: sql`d.updated_at`,
      list: sql`(
        select jsonb_build_object('value', m.member_id, 'type', 'user')
        from directory_group_members m where m.group_id = d.id)`,
    },
  };
}

/** Undefined for groups of other directories too. */
export async function findDirectoryGroup(
  sql: Sql | Transaction,
  { directoryId, id }: { directoryId: string; id: string },
): Promise<DirectoryGroup | undefined> {
  const rows = await sql<Row[]>`
    select * from directory_groups where id = ${id} and directory_id = ${directoryId}`;
  return rows.map(fromRow)[0];
}

/** Locked until the transaction is over: changes of the members wait for each other. */
export async function lockDirectoryGroup(
  tx: Transaction,
  { directoryId, id }: { directoryId: string; id: string },
): Promise<DirectoryGroup | undefined> {
  const rows = await tx<Row[]>`
    select * from directory_groups where id = ${id} and directory_id = ${directoryId} for update`;
  return rows.map(fromRow)[0];
}

/** With `count`, each has the number of its members. */
export async function listDirectoryGroups(
  sql: Sql,
  directoryId: string,
  { condition, sort, offset, limit }: Page,
): Promise<{ groups: (DirectoryGroup & { memberCount: number })[]; total: number }> {
  const at = columns(sql);
  const where = sql`d.directory_id = ${directoryId} ${
    condition === undefined ? sql`` : sql`and ${conditionSql(sql, condition, at)}`
  }`;
  const [{ total }] = await sql<{ total: number }[]>`
    select count(*)::int as total from directory_groups d where ${where}`;
  if (limit === 0 || offset >= total) return { groups: [], total };
  const rows = await sql<(Row & { member_count: number })[]>`
    select d.*, (
      select count(*)::int from directory_group_members m where m.group_id = d.id
    ) as member_count
    from directory_groups d
    where ${where} ${orderBy(sql, sort, at)} limit ${limit} offset ${offset}`;
  return { groups: rows.map((row) => ({ ...fromRow(row), memberCount: row.member_count })), total };
}

/** Throws the database's unique_violation (23505) if the name is taken. */
export async function insertDirectoryGroup(
  tx: Transaction,
  { directoryId, displayName, externalId, now }: {
    directoryId: string;
    displayName: string;
    externalId?: string;
    now: Date;
  },
): Promise<string> {
  const id = randomUUID();
  await tx`
    insert into directory_groups (
      id, directory_id, display_name, display_name_key, external_id, created_at, updated_at
    ) values (
      ${id}, ${directoryId}, ${displayName}, ${nameKey(displayName)}, ${externalId ?? null},
      ${now}, ${now}
    )`;
  return id;
}

/** Throws the database's unique_violation (23505) if the name is taken. */
export async function updateDirectoryGroup(
  tx: Transaction,
  { id, displayName, externalId, now }: {
    id: string;
    displayName: string;
    externalId?: string;
    now: Date;
  },
): Promise<void> {
  await tx`
    update directory_groups set
      display_name = ${displayName}, display_name_key = ${nameKey(displayName)},
      external_id = ${externalId ?? null}, version = version + 1, updated_at = ${now}
    where id = ${id}`;
}

export async function deleteDirectoryGroup(tx: Transaction, id: string): Promise<void> {
  await tx`delete from directory_groups where id = ${id}`;
}

/** The ids of the members of groups, by the id of the group, in a stable order. */
export async function listDirectoryGroupMembers(
  sql: Sql | Transaction,
  groupIds: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await sql<{ group_id: string; member_id: string }[]>`
    select group_id, member_id from directory_group_members
    where group_id in (
      select value::uuid from jsonb_array_elements_text(${sql.json([...groupIds])}))
    order by group_id, member_id`;
  const members = new Map<string, string[]>(groupIds.map((id) => [id, []]));
  for (const { group_id, member_id } of rows) members.get(group_id)?.push(member_id);
  return members;
}

export async function countDirectoryGroupMembers(
  tx: Transaction,
  groupId: string,
): Promise<number> {
  const [{ count }] = await tx<{ count: number }[]>`
    select count(*)::int as count from directory_group_members where group_id = ${groupId}`;
  return count;
}

/** One of the ids that is not that of a user of the directory; undefined if all are. */
export async function findUnknownMember(
  tx: Transaction,
  { directoryId, memberIds }: { directoryId: string; memberIds: readonly string[] },
): Promise<string | undefined> {
  // Compared here: for `not exists` the database may choose a nested loop over all users.
  const rows = await tx<{ id: string }[]>`
    select u.id from directory_users u
    where u.directory_id = ${directoryId} and u.deleted_at is null and u.id in (
      select value::uuid from jsonb_array_elements_text(${tx.json([...memberIds])}))`;
  const known = new Set(rows.map(({ id }) => id));
  return memberIds.find((id) => !known.has(id));
}

interface MemberChange {
  groupId: string;
  directoryId: string;
  memberIds: readonly string[];
}

/** Returns the accounts of those who were not members. */
export async function addDirectoryGroupMembers(
  tx: Transaction,
  { groupId, directoryId, memberIds }: MemberChange,
): Promise<string[]> {
  const rows = await tx<{ user_id: string }[]>`
    with added as (
      insert into directory_group_members (group_id, member_id)
      select ${groupId}::uuid, u.id from directory_users u
      where u.directory_id = ${directoryId} and u.deleted_at is null and u.id in (
        select value::uuid from jsonb_array_elements_text(${tx.json([...memberIds])}))
      on conflict do nothing returning member_id
    )
    select u.user_id from added join directory_users u on u.id = added.member_id`;
  return rows.map((row) => row.user_id);
}

/** Returns the accounts of those who were members. */
export async function removeDirectoryGroupMembers(
  tx: Transaction,
  { groupId, memberIds }: Omit<MemberChange, "directoryId">,
): Promise<string[]> {
  const rows = await tx<{ user_id: string }[]>`
    with removed as (
      delete from directory_group_members
      where group_id = ${groupId} and member_id in (
        select value::uuid from jsonb_array_elements_text(${tx.json([...memberIds])}))
      returning member_id
    )
    select u.user_id from removed join directory_users u on u.id = removed.member_id`;
  return rows.map((row) => row.user_id);
}

/** Removes all members but these; returns the accounts of the removed ones. */
export async function retainDirectoryGroupMembers(
  tx: Transaction,
  { groupId, memberIds }: Omit<MemberChange, "directoryId">,
): Promise<string[]> {
  const rows = await tx<{ user_id: string }[]>`
    with retained as materialized (
      select value::uuid as id from jsonb_array_elements_text(${tx.json([...memberIds])})
    ), removed as (
      delete from directory_group_members
      where group_id = ${groupId} and member_id not in (select id from retained)
      returning member_id
    )
    select u.user_id from removed join directory_users u on u.id = removed.member_id`;
  return rows.map((row) => row.user_id);
}

/** An account that is in more groups of the directory than it may be; undefined if none is. */
export async function findMemberOfTooManyGroups(
  tx: Transaction,
  { groupId, max }: { groupId: string; max: number },
): Promise<string | undefined> {
  const rows = await tx<{ member_id: string }[]>`
    select m.member_id from directory_group_members m
    where m.member_id in (select member_id from directory_group_members where group_id = ${groupId})
    group by m.member_id having count(*) > ${max} limit 1`;
  return rows[0]?.member_id;
}
