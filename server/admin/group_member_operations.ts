import { auditedNames } from "../access/audited_names.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  addLocalMembership,
  findGroup,
  listMemberships,
  LOCAL,
  lockMemberships,
  removeLocalMembership,
} from "../store/groups.ts";
import { findServiceAccountByName } from "../store/service_accounts.ts";
import { lockActiveAdministrators, lockUser, setAdminRole } from "../store/users.ts";
import { adminEvent } from "./admin_event.ts";
import { everyUser, noSuchGroup } from "./group_errors.ts";
import { type GroupDeps, type GroupOperation, rolledBack } from "./group_operations.ts";
import { keepingAnAdministrator } from "./last_administrator.ts";
import { editing } from "./managed.ts";
import { noSuchUser } from "./no_such_user.ts";

export interface MemberResult {
  id: string;
  email: string;
  /** Whether there was anything to change. */
  changed: boolean;
  /** The groups of directories by which the user is a member as well, such as `okta:Deployers`. */
  remaining: string[];
}

interface MemberParams {
  name: string;
  /** E-mail address or id. */
  user: string;
  force?: boolean;
}

/** Adds a user to a group on this server, whatever directories say. */
export const addGroupMember: GroupOperation<MemberParams, MemberResult | DomainError> = editing(
  "group",
  ({ name }) => name,
  async (
    deps,
    params,
  ) =>
    await changeMember(
      deps,
      params,
      "added",
      async (tx, userId) =>
        params.name === "admin"
          ? await setAdminRole(tx, { id: userId, isAdmin: true })
          : await addLocalMembership(tx, { userId, group: params.name }),
    ),
  "members",
);

/**
 * Removes a user who was added to a group on this server. A membership by a directory stays. The
 * last administrator is removed only with `force`.
 */
export const removeGroupMember: GroupOperation<MemberParams, MemberResult | DomainError> = editing(
  "group",
  ({ name }) => name,
  async (
    deps,
    params,
  ) =>
    await changeMember(deps, params, "removed", async (tx, userId) => {
      const { name, force = false } = params;
      if (name !== "admin") return await removeLocalMembership(tx, { userId, group: name });
      let changed = false;
      await keepingAnAdministrator(tx, { force }, async () => {
        changed = await setAdminRole(tx, { id: userId, isAdmin: false });
      });
      return changed;
    }),
  "members",
);

async function changeMember(
  deps: GroupDeps,
  { name, user: reference }: MemberParams,
  change: "added" | "removed",
  write: (tx: Transaction, userId: string) => Promise<boolean>,
): Promise<MemberResult | DomainError> {
  if (name === "user") return everyUser();
  const result = await (deps.sql as Sql).begin(async (tx) => {
    // Before the user: see lockMemberships.
    if (name === "admin") await lockActiveAdministrators(tx);
    else await lockMemberships(tx);
    const user = await lockUser(tx, reference);
    if (user === undefined) return await notAUser(tx, reference);
    if (name !== "admin" && await findGroup(tx, name) === undefined) return noSuchGroup(name);
    const changed = await write(tx, user.id);
    if (changed) {
      const event = adminEvent(deps, {
        event: "group.membership_changed",
        subject: user.id,
        details: { source: LOCAL, [change]: auditedNames([name]) },
      });
      await recordAuditEvent(tx, deps.clock, event);
    }
    const remaining = (await listMemberships(tx, user.id))
      .filter(({ group, source }) => group === name && source !== LOCAL)
      .map(({ source, sourceName }) => `${source.slice(source.indexOf(":") + 1)}:${sourceName}`);
    return { id: user.id, email: user.email, changed, remaining };
  }).catch(rolledBack) as MemberResult | DomainError;
  if (!(result instanceof DomainError)) deps.tokenValidator?.invalidate(`principal:${result.id}`);
  return result;
}

async function notAUser(tx: Transaction, name: string): Promise<DomainError> {
  const account = await findServiceAccountByName(tx, name);
  if (account === undefined) return noSuchUser(name);
  return new DomainError(
    "invalid",
    `${account.name} is a service account. It has scopes of its own and is in no group.`,
    { field: "user" },
  );
}
