import { auditedNames } from "../access/audited_names.ts";
import { isRoleGroup } from "../access/group_names.ts";
import { DomainError } from "../domain_error.ts";
import { missingScopes } from "../../shared/oauth/scope.ts";
import { accountScopes, groupsOf, type ScopeDescription, scopeNames } from "../scopes.ts";
import { recordAuditEvents } from "../store/audit_events.ts";
import { auditedRemoval } from "../store/audited_changes.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { listMembersWithGroups } from "../store/group_members.ts";
import {
  deleteGroup,
  findGroup,
  type Group,
  listLocalMembers,
  LOCAL,
  lockGroups,
} from "../store/groups.ts";
import { listResources, lockResources, updateResource } from "../store/resources.ts";
import { listStoredScopes, updateStoredScope } from "../store/scopes.ts";
import { adminEvent } from "./admin_event.ts";
import { inConfigFile, noSuchGroup } from "./group_errors.ts";
import { editing } from "./managed.ts";
import { audit, type GroupDeps, type GroupOperation } from "./group_operations.ts";

/** What removing a group does. */
export interface GroupRemoval {
  name: string;
  members: number;
  /** Scopes that name the group. One without another group is left to administrators. */
  scopes: { name: string; isLeftToAdministrators: boolean }[];
  /** The members who lose scopes, by e-mail address; at most as many as were asked for. */
  losses: { email: string; scopes: string[] }[];
}

/** How many members are looked at for what they lose. */
const MAX_LISTED = 100;

/** What `removeGroup` would do. */
export const previewGroupRemoval: GroupOperation<{ name: string }, GroupRemoval | DomainError> =
  async ({ sql, catalog }, { name }) => {
    const group = await findRemovable(sql, name);
    return group instanceof DomainError ? group : await removal(sql, catalog.scopes(), name);
  };

/**
 * Removes a group, the memberships that were added here, and the group from the scopes of
 * resources: a group of a directory that has its name must not get them instead.
 */
export const removeGroup: GroupOperation<{ name: string }, GroupRemoval | DomainError> = editing(
  "group",
  ({ name }) => name,
  async (
    deps,
    { name },
  ) =>
    await (deps.sql as Sql).begin(async (tx) => {
      await lockResources(tx);
      await lockGroups(tx);
      const group = await findRemovable(tx, name);
      if (group instanceof DomainError) return group;
      const removed = await removal(tx, deps.catalog.scopes(), name);
      for (const resource of await listResources(tx)) {
        const scopes = resource.scopes.map((scope) => without(scope, name));
        if (scopes.some((scope, index) => scope !== resource.scopes[index])) {
          await updateResource(tx, { ...resource, scopes });
        }
      }
      for (const scope of await listStoredScopes(tx)) {
        const remaining = without(scope, name);
        if (remaining !== scope) await updateStoredScope(tx, remaining);
      }
      const members = await listLocalMembers(tx, name);
      await deleteGroup(tx, name);
      await audit(tx, deps, {
        event: "group.removed",
        name,
        details: {
          members: removed.members,
          ...auditedRemoval({ description: group.description, sources: group.sources }),
          ...removed.scopes.length > 0 &&
            { scopes: auditedNames(removed.scopes.map(({ name }) => name)) },
        },
      });
      await auditMembers(tx, deps, members, name);
      return removed;
    }) as GroupRemoval | DomainError,
);

async function findRemovable(
  sql: Sql | Transaction,
  name: string,
): Promise<Group | DomainError> {
  if (isRoleGroup(name)) {
    return new DomainError(
      "invalid",
      `The group ${name} is one of every server and cannot be removed.`,
      { field: "name" },
    );
  }
  const group = await findGroup(sql, name);
  if (group === undefined) return noSuchGroup(name);
  return group.isDeclared ? inConfigFile(name) : group;
}

async function removal(
  sql: Sql | Transaction,
  catalog: readonly ScopeDescription[],
  name: string,
): Promise<GroupRemoval> {
  const { members, total } = await listMembersWithGroups(sql, name, MAX_LISTED);
  const remaining = catalog.map((scope) => without(scope, name));
  const losses = members.map(({ email, isAdmin, groups }) => {
    const account = { isAdmin, groups };
    const kept = scopeNames(accountScopes(remaining, account));
    return { email, scopes: missingScopes(scopeNames(accountScopes(catalog, account)), kept) };
  }).filter(({ scopes }) => scopes.length > 0);
  const scopes = catalog.filter(({ groups }) => groups?.includes(name)).map((scope) => ({
    name: scope.name,
    isLeftToAdministrators: groupsOf(scope)?.every((group) => group === name) ?? false,
  }));
  return { name, members: total, scopes, losses };
}

/** Without any group, all users could have the scope. */
function without(scope: ScopeDescription, group: string): ScopeDescription {
  if (!scope.groups?.includes(group)) return scope;
  const { groups, ...rest } = scope;
  const others = groups.filter((name) => name !== group);
  if (others.length > 0) return { ...rest, groups: others };
  return { ...rest, roles: rest.roles ?? ["admin"] };
}

async function auditMembers(
  tx: Transaction,
  deps: GroupDeps,
  subjects: readonly string[],
  name: string,
): Promise<void> {
  if (subjects.length === 0) return;
  const event = adminEvent(deps, {
    event: "group.membership_changed",
    details: { source: LOCAL, removed: auditedNames([name]) },
  });
  await recordAuditEvents(tx, deps.clock, { ...event, subjects });
}
