/** Who belongs to a group, and why. */
import { MAX_COUNTED } from "../../shared/bounded_count.ts";
import { boundedCount } from "./bounded_count.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { LOCAL } from "./groups.ts";
import { isNamed } from "./users.ts";

/** Where a membership comes from. */
export interface MembershipSource {
  /** `local`, `idp:NAME` or `scim:NAME`. */
  source: string;
  /** What the source calls the group. */
  group: string;
}

export interface GroupMember {
  id: string;
  email: string;
  name: string;
  disabled: boolean;
  sources: MembershipSource[];
}

export interface MemberFilter {
  /** A part of the e-mail address or the name, in any letter case. */
  search?: string;
}

/** The members of a group by e-mail address; of `user`, all users. */
export async function listGroupMembers(
  sql: Sql | Transaction,
  group: string,
  { limit, offset = 0, search }: MemberFilter & { limit: number; offset?: number },
): Promise<GroupMember[]> {
  const rows = await sql<GroupMember[]>`
    select id, email, name, disabled_at is not null as disabled,
      coalesce((
        select jsonb_agg(
          jsonb_build_object('source', m.source, 'group', m.source_name)
          order by m.source collate "C", m.source_name collate "C"
        )
        from (${memberships(sql, group)}) m where m.user_id = users.id
      ), '[]') as sources
    from users
    where ${isMember(sql, group, search)}
    order by email_key limit ${limit} offset ${offset}`;
  return rows.map((row) => ({ ...row }));
}

/** Up to one more than MAX_COUNTED. */
export async function countGroupMembers(
  sql: Sql | Transaction,
  group: string,
  { search }: MemberFilter = {},
): Promise<number> {
  const members = sql`select from users where ${isMember(sql, group, search)}`;
  const [{ count }] = await sql<{ count: number }[]>`
    select ${boundedCount(sql, members)} as count`;
  return count;
}

/** By the columns that triggers keep: an index finds them. */
function isMember(sql: Sql | Transaction, group: string, search: string | undefined) {
  return sql`${
    group === "user"
      ? sql`true`
      : group === "admin"
      ? sql`(users.is_admin or users.group_admin)`
      : sql`users.groups @> to_jsonb(${group}::text)`
  } ${search === undefined ? sql`` : sql`and ${isNamed(sql, search)}`}`;
}

/** An administrator by the role counts as added here. */
function memberships(sql: Sql | Transaction, group: string) {
  return sql`
    select user_id, source, source_name from effective_groups where name = ${group}
    union all
    select id, ${LOCAL}, ${group} from users where ${group} = 'admin' and is_admin`;
}

/** A user may belong to a group by as many sources, or more. */
const USUAL_SOURCES = 3;

/**
 * The number of members of each group that has any, `admin` and `user` included, up to one more than
 * MAX_COUNTED.
 */
export async function countMembersOfGroups(
  sql: Sql | Transaction,
  names: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sql<{ name: string; count: number }[]>`
    select g.name, least(m.count, ${MAX_COUNTED + 1})::int as count
    from jsonb_array_elements_text(${sql.json([...names])}) as g (name)
    cross join lateral (
      select count(distinct user_id) as count from (
        select user_id from effective_groups e where e.name = g.name
        limit ${USUAL_SOURCES * (MAX_COUNTED + 1)}
      ) counted
    ) m
    where g.name <> 'admin' and m.count > 0
    union all
    select 'admin', ${boundedCount(sql, sql`select from users where is_admin or group_admin`)}
    union all
    select 'user', ${boundedCount(sql, sql`select from users`)}`;
  return new Map(rows.map(({ name, count }) => [name, count]));
}

/** The first members of a group, with what decides on their scopes, and how many there are. */
export async function listMembersWithGroups(
  sql: Sql | Transaction,
  group: string,
  limit: number,
): Promise<{ members: { email: string; isAdmin: boolean; groups: string[] }[]; total: number }> {
  const members = await sql<{ email: string; isAdmin: boolean; groups: string[] }[]>`
    select email, is_admin or group_admin as "isAdmin", groups from users
    where ${isMember(sql, group, undefined)} order by email_key limit ${limit}`;
  return {
    members: members.map((row) => ({ ...row })),
    total: await countGroupMembers(sql, group),
  };
}

/** The members of some groups who were added here, by the key of their e-mail address. */
export async function listLocalMemberAddresses(
  sql: Sql | Transaction,
  groups: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await sql<{ name: string; members: string[] }[]>`
    select g.name, jsonb_agg(u.email_key order by u.email_key) as members
    from jsonb_array_elements_text(${sql.json([...groups])}) as g (name)
    join group_memberships m on m.name = g.name and m.source = ${LOCAL}
    join users u on u.id = m.user_id
    group by g.name
    union all
    select 'admin', jsonb_agg(email_key order by email_key) from users
    where is_admin and ${groups.includes("admin")}::boolean having count(*) > 0`;
  return new Map(rows.map(({ name, members }) => [name, members]));
}
