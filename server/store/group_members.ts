/** Who belongs to a group, and why. */
import { nameKey } from "../../shared/name_key.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { LOCAL } from "./groups.ts";

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
    select u.id, u.email, u.name, u.disabled_at is not null as disabled,
      coalesce((
        select jsonb_agg(
          jsonb_build_object('source', m.source, 'group', m.source_name)
          order by m.source collate "C", m.source_name collate "C"
        )
        from (${memberships(sql, group)}) m where m.user_id = u.id
      ), '[]') as sources
    from users u
    where ${isMember(sql, group, search)}
    order by u.email_key limit ${limit} offset ${offset}`;
  return rows.map((row) => ({ ...row }));
}

export async function countGroupMembers(
  sql: Sql | Transaction,
  group: string,
  { search }: MemberFilter = {},
): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from users u where ${isMember(sql, group, search)}`;
  return count;
}

function isMember(sql: Sql | Transaction, group: string, search: string | undefined) {
  const part = search === undefined ? null : nameKey(search);
  return sql`
    (${group} = 'user'
      or u.id in (select m.user_id from (${memberships(sql, group)}) m))
    and (${part}::text is null
      or strpos(u.email_key, ${part}::text) > 0 or strpos(lower(u.name), ${part}::text) > 0)`;
}

/** An administrator by the role counts as added here. */
function memberships(sql: Sql | Transaction, group: string) {
  return sql`
    select user_id, source, source_name from effective_groups where name = ${group}
    union all
    select id, ${LOCAL}, ${group} from users where ${group} = 'admin' and is_admin`;
}

/** The number of members of each group that has any, `admin` and `user` included. */
export async function countMembersOfGroups(
  sql: Sql | Transaction,
  names: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sql<{ name: string; count: number }[]>`
    select name, count(distinct user_id)::int as count from effective_groups
    where name in (select value from jsonb_array_elements_text(${sql.json([...names])}))
      and name <> 'admin'
    group by name
    union all
    select 'admin', count(*)::int from users where is_admin or group_admin
    union all
    select 'user', count(*)::int from users`;
  return new Map(rows.map(({ name, count }) => [name, count]));
}

/** The first members of a group, with what decides on their scopes, and how many there are. */
export async function listMembersWithGroups(
  sql: Sql | Transaction,
  group: string,
  limit: number,
): Promise<{ members: { email: string; isAdmin: boolean; groups: string[] }[]; total: number }> {
  const members = await sql<{ email: string; isAdmin: boolean; groups: string[] }[]>`
    select u.email, u.is_admin or u.group_admin as "isAdmin", u.groups from users u
    where ${isMember(sql, group, undefined)} order by u.email_key limit ${limit}`;
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
