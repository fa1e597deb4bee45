import { isRoleGroup, ROLE_GROUPS } from "../access/group_names.ts";
import { groupsOf, type ScopeDescription } from "../scopes.ts";
import { managingFile } from "../store/managed_file.ts";
import type { Group } from "../store/groups.ts";

/** Where a group comes from: only those of the database can be changed while the server runs. */
export type GroupOrigin = "built-in" | "config-file" | "database";

/** A group as operators see it. Absent is null, since it is printed as JSON. */
export interface GroupView {
  name: string;
  description: string | null;
  origin: GroupOrigin;
  /** Groups of directories; null: those that have its name. */
  from: readonly string[] | null;
  /** Names of the scopes that its members can have and others cannot, by this group. */
  scopes: string[];
  members: number;
  createdAt: string | null;
  /** The file that manages it (`admin apply`); null: it is managed by hand. */
  managedBy: string | null;
  /** Whether that file has the members who are added here too. */
  areMembersManaged: boolean;
}

/** What roles are for, as groups. */
const ROLE_DESCRIPTIONS: Record<typeof ROLE_GROUPS[number], string> = {
  admin: "Administrators of this server",
  user: "All users",
};

/** All groups: the roles first. */
export function groupViews(
  groups: readonly Group[],
  scopes: readonly ScopeDescription[],
  members: ReadonlyMap<string, number>,
): GroupView[] {
  const view = (name: string, group: Group | undefined): GroupView => ({
    name,
    description: group?.description ?? (isRoleGroup(name) ? ROLE_DESCRIPTIONS[name] : null),
    origin: group?.isDeclared ? "config-file" : isRoleGroup(name) ? "built-in" : "database",
    from: group?.sources ?? (isRoleGroup(name) ? [] : null),
    scopes: scopes.filter((scope) => groupsOf(scope)?.includes(name)).map((scope) => scope.name),
    members: members.get(name) ?? 0,
    createdAt: isRoleGroup(name) ? null : group?.createdAt.toISOString() ?? null,
    managedBy: managingFile(group ?? {}),
    areMembersManaged: group?.membersManagedBy !== undefined,
  });
  return [
    ...ROLE_GROUPS.map((role) => view(role, groups.find(({ name }) => name === role))),
    ...groups.filter(({ name }) => !isRoleGroup(name)).map((group) => view(group.name, group)),
  ];
}
