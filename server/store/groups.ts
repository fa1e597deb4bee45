/**
 * Groups, and who belongs to them. Triggers of the database keep `users.groups` and
 * `users.group_admin`, so that no writer can forget them.
 */
import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "./db/connect.ts";

/** A group that was created here or that the config file declares. */
export interface Group {
  id: string;
  name: string;
  description?: string;
  /**
   * The groups of directories whose members belong to it, such as `okta:Deployers`; undefined: those
   * of any directory that have its name.
   */
  sources?: string[];
  /** Whether the config file declares it. */
  isDeclared: boolean;
  createdAt: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
  /** The same of the members who are added here. */
  membersManagedBy?: string;
}

interface Row {
  id: string;
  name: string;
  description: string | null;
  sources: string[] | null;
  is_declared: boolean;
  created_at: Date;
  managed_by: string | null;
  members_managed_by: string | null;
}

function fromRow(row: Row): Group {
  return {
    id: row.id,
    name: row.name,
    description: row.description ?? undefined,
    sources: row.sources ?? undefined,
    isDeclared: row.is_declared,
    createdAt: row.created_at,
    managedBy: row.managed_by ?? undefined,
    membersManagedBy: row.members_managed_by ?? undefined,
  };
}

/** More than anyone can keep apart. */
const MAX_GROUPS = 1000;

/** By name. */
export async function listGroups(sql: Sql | Transaction): Promise<Group[]> {
  const rows = await sql<Row[]>`
    select * from groups order by name collate "C" limit ${MAX_GROUPS}`;
  return rows.map(fromRow);
}

export async function findGroup(sql: Sql | Transaction, name: string): Promise<Group | undefined> {
  const rows = await sql<Row[]>`select * from groups where name = ${name}`;
  return rows.map(fromRow)[0];
}

/**
 * Excludes other changes of groups, and of memberships, until the transaction is over. Before any
 * lock of a user: see `lockMemberships`.
 */
export async function lockGroups(tx: Transaction): Promise<void> {
  await tx`lock table groups in share row exclusive mode`;
  // What the trigger of `groups` would wait for later.
  await tx`select pg_advisory_xact_lock(${MEMBERSHIPS_LOCK})`;
}

/** As in 0021_groups.sql. */
const MEMBERSHIPS_LOCK = 7225902;

/**
 * Excludes changes of groups, but not of other memberships, until the transaction is over. What
 * changes a group locks its members after this lock, so what locks a user and then changes their
 * memberships must take it first, or the two wait for each other.
 */
export async function lockMemberships(tx: Transaction): Promise<void> {
  if (haveMembershipsLock.has(tx)) return;
  await tx`select pg_advisory_xact_lock_shared(${MEMBERSHIPS_LOCK})`;
  haveMembershipsLock.add(tx);
}

/** Transactions that need not take it again. One that is repeated, or nested, is another object. */
const haveMembershipsLock = new WeakSet<Transaction>();

export interface GroupSettings {
  name: string;
  description?: string;
  sources?: readonly string[];
  isDeclared?: boolean;
}

/** False if there is a group of this name, in any letter case. */
export async function insertGroup(
  tx: Transaction,
  { name, description, sources, isDeclared = false, now }: GroupSettings & { now: Date },
): Promise<boolean> {
  const rows = await tx`
    insert into groups (id, name, description, sources, is_declared, created_at)
    values (
      ${randomUUID()}, ${name}, ${description ?? null},
      ${sources === undefined ? null : tx.json([...sources])}, ${isDeclared}, ${now}
    )
    on conflict do nothing returning id`;
  return rows.length === 1;
}

/** Replaces all but the name. False if there is no group of this name. */
export async function updateGroupRow(
  tx: Transaction,
  { name, description, sources, isDeclared = false }: GroupSettings,
): Promise<boolean> {
  const rows = await tx`
    update groups set
      description = ${description ?? null},
      sources = ${sources === undefined ? null : tx.json([...sources])},
      is_declared = ${isDeclared}
    where name = ${name} returning id`;
  return rows.length === 1;
}

/** Deletes a group with the memberships that were added here. */
export async function deleteGroup(tx: Transaction, name: string): Promise<boolean> {
  await tx`delete from group_memberships where name = ${name} and source = ${LOCAL}`;
  return (await tx`delete from groups where name = ${name} returning id`).length === 1;
}

/** The source of memberships that were added here. */
export const LOCAL = "local";

/** Why a user belongs to a group. */
export interface Membership {
  /** The group that counts here. */
  group: string;
  /** `local`, `idp:NAME` or `scim:NAME`. */
  source: string;
  /** What the source calls the group. */
  sourceName: string;
}

/** The memberships of a user that count, by group and source; without the role `admin`. */
export async function listMemberships(
  sql: Sql | Transaction,
  userId: string,
): Promise<Membership[]> {
  const rows = await sql<Membership[]>`
    select name as group, source, source_name as "sourceName"
    from effective_groups where user_id = ${userId}
    order by name collate "C", source collate "C", source_name collate "C"`;
  return rows.map((row) => ({ ...row }));
}

/**
 * What directories say about a user that has the name of a group but does not count, since the group
 * lists other groups of directories.
 */
export async function listUncountedMemberships(
  sql: Sql | Transaction,
  { userId, groups }: { userId: string; groups: readonly string[] },
): Promise<{ source: string; name: string }[]> {
  const rows = await sql<{ source: string; name: string }[]>`
    select m.source, m.name from group_memberships m
    where m.user_id = ${userId} and m.source <> ${LOCAL}
      and m.name in (select value from jsonb_array_elements_text(${sql.json([...groups])}))
      and not exists (
        select 1 from effective_groups e
        where e.user_id = m.user_id and e.source = m.source and e.source_name = m.name
          and e.name = m.name
      )
    order by m.source collate "C", m.name collate "C"`;
  return rows.map((row) => ({ ...row }));
}

/** The ids of the users who were added to a group here. */
export async function listLocalMembers(
  sql: Sql | Transaction,
  group: string,
): Promise<string[]> {
  return await listSourceMembers(sql, { source: LOCAL, name: group });
}

/** False if the user was a member already. */
export async function addLocalMembership(
  tx: Transaction,
  { userId, group }: { userId: string; group: string },
): Promise<boolean> {
  const rows = await tx`
    insert into group_memberships (user_id, source, name) values (${userId}, ${LOCAL}, ${group})
    on conflict do nothing returning name`;
  return rows.length === 1;
}

/** False if the user was not added here. */
export async function removeLocalMembership(
  tx: Transaction,
  { userId, group }: { userId: string; group: string },
): Promise<boolean> {
  const rows = await tx`
    delete from group_memberships
    where user_id = ${userId} and source = ${LOCAL} and name = ${group} returning name`;
  return rows.length === 1;
}

/** Replaces what a source says about a user; undefined if there is no such user. */
export async function replaceMemberships(
  tx: Transaction,
  { userId, source, names }: { userId: string; source: string; names: readonly string[] },
): Promise<{ added: string[]; removed: string[] } | undefined> {
  await lockMemberships(tx);
  // The later of two says what stays.
  const users = await tx`select 1 from users where id = ${userId} for no key update`;
  if (users.length === 0) return undefined;
  const rows = await tx<{ name: string; added: boolean }[]>`
    with wanted as (
      select distinct value as name from jsonb_array_elements_text(${tx.json([...names])})
    ), removed as (
      delete from group_memberships
      where user_id = ${userId} and source = ${source} and name not in (select name from wanted)
      returning name
    ), added as (
      insert into group_memberships (user_id, source, name)
      select ${userId}, ${source}, name from wanted
      on conflict do nothing returning name
    )
    select name, true as added from added union all select name, false from removed
    order by name`;
  const namesOf = (isAdded: boolean) =>
    rows.filter(({ added }) => added === isAdded).map(({ name }) => name);
  return { added: namesOf(true), removed: namesOf(false) };
}

/** A group of a directory. */
export interface SourceGroup {
  source: string;
  name: string;
}

/** Adds users to a group of a directory; returns the ids of those who were not in it and exist. */
export async function addSourceMembers(
  tx: Transaction,
  { source, name, userIds }: SourceGroup & { userIds: readonly string[] },
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    insert into group_memberships (user_id, source, name)
    select u.id, ${source}, ${name} from users u
    where u.id in (select value::uuid from jsonb_array_elements_text(${tx.json([...userIds])}))
    on conflict do nothing returning user_id as id`;
  return rows.map(({ id }) => id);
}

/** Removes users from a group of a directory; returns the ids of those who were in it. */
export async function removeSourceMembers(
  tx: Transaction,
  { source, name, userIds }: SourceGroup & { userIds: readonly string[] },
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    delete from group_memberships
    where source = ${source} and name = ${name}
      and user_id in (select value::uuid from jsonb_array_elements_text(${tx.json([...userIds])}))
    returning user_id as id`;
  return rows.map(({ id }) => id);
}

/** The ids of the members of a group of a directory. */
export async function listSourceMembers(
  sql: Sql | Transaction,
  { source, name }: SourceGroup,
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select user_id as id from group_memberships where source = ${source} and name = ${name}
    order by user_id`;
  return rows.map(({ id }) => id);
}

/** Gives a group of a directory another name; returns the ids of its members. */
export async function renameSourceGroup(
  tx: Transaction,
  { source, name, to }: SourceGroup & { to: string },
): Promise<string[]> {
  const ids = await listSourceMembers(tx, { source, name });
  await removeSourceMembers(tx, { source, name, userIds: ids });
  await addSourceMembers(tx, { source, name: to, userIds: ids });
  return ids;
}

/** Deletes all that a source says, for a directory that is disconnected. Returns the users' ids. */
export async function deleteMembershipsOfSource(
  tx: Transaction,
  source: string,
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    with deleted as (delete from group_memberships where source = ${source} returning user_id)
    select distinct user_id as id from deleted`;
  return rows.map(({ id }) => id);
}
