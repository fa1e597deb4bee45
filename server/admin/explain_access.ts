import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import {
  type AccessExplanation,
  explainAccess,
  type ExplainedAccount,
} from "../access/explain_access.ts";
import { DomainError } from "../domain_error.ts";
import { groupsOf } from "../scopes.ts";
import { findClient } from "../store/clients.ts";
import type { Sql } from "../store/db/connect.ts";
import { listMemberships, listUncountedMemberships } from "../store/groups.ts";
import { findSecondFactors } from "../store/second_factors.ts";
import { findServiceAccountByName } from "../store/service_accounts.ts";
import { findUserByReference, listUsers, type User } from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { AdminDeps } from "./operation.ts";

export interface ExplainedAccess extends AccessExplanation {
  account: { kind: "user" | "service_account"; id: string; username: string; disabled: boolean };
  scope: {
    name: string;
    description: string;
    resource: string;
    /** Who may have it, roles included; null: all users. */
    groups: string[] | null;
    /** What the sign-in that approves it must be at least; null: any. */
    factor: string | null;
  };
  client: { id: string; name: string };
}

export type ExplainDeps = Pick<AdminDeps, "sql"> & {
  catalog: Pick<AdminDeps["catalog"], "default" | "find" | "management" | "scopes">;
};

/** Whether an account can have a scope through a client, by default the CLI, and why. */
export async function explainUserAccess(
  { sql, catalog }: ExplainDeps,
  { user, scope: scopeName, client: clientId = brand.cliClientId }: {
    /** E-mail address, its part before the @ or id of a user; or name of a service account. */
    user: string;
    scope: string;
    client?: string;
  },
): Promise<ExplainedAccess | DomainError> {
  const scope = catalog.scopes().find(({ name }) => name === scopeName);
  if (scope === undefined) return noSuchScope(scopeName);
  const client = await findClient(sql, clientId);
  if (client === undefined) return noSuchClient(clientId);
  const subject = await findAccount(sql, user, groupsOf(scope) ?? []);
  if (subject instanceof DomainError) return subject;
  const { id, account } = subject;
  const resource = scope.name.startsWith("manage:")
    ? catalog.management
    : catalog.find(scope.resource ?? "") ?? catalog.default;
  const explanation = explainAccess(catalog.scopes(), {
    account,
    client: { ...client, disabled: client.disabledAt !== undefined },
    scope,
    resource,
  });
  const { kind, username, disabled } = account;
  return {
    account: { kind, id, username, disabled },
    scope: {
      name: scope.name,
      description: scope.description,
      resource: resource.name,
      groups: groupsOf(scope) ?? null,
      factor: scope.factor ?? null,
    },
    client: { id: client.id, name: client.name },
    ...explanation,
  };
}

async function findAccount(
  sql: Sql,
  reference: string,
  groups: readonly string[],
): Promise<{ id: string; account: ExplainedAccount } | DomainError> {
  const user = await findUserByReference(sql, reference) ?? await findByLocalPart(sql, reference);
  if (user instanceof DomainError) return user;
  if (user !== undefined) return { id: user.id, account: await userAccount(sql, user, groups) };
  const service = await findServiceAccountByName(sql, reference);
  if (service === undefined) return noSuchUser(reference);
  return {
    id: service.id,
    account: {
      kind: "service_account",
      username: service.name,
      disabled: service.disabledAt !== undefined,
      isAdmin: false,
      hasRole: false,
      groups: [],
      ownScopes: parseScope(service.scope) ?? [],
      memberships: [],
      factors: { totp: false, passkeys: 0 },
      uncounted: [],
    },
  };
}

async function userAccount(
  sql: Sql,
  user: User,
  groups: readonly string[],
): Promise<ExplainedAccount> {
  return {
    kind: "user",
    username: user.email,
    disabled: user.disabledAt !== undefined,
    isAdmin: user.isAdmin,
    hasRole: user.hasAdminRole,
    groups: user.groups,
    memberships: await listMemberships(sql, user.id),
    factors: await findSecondFactors(sql, user.id),
    uncounted: await listUncountedMemberships(sql, { userId: user.id, groups }),
  };
}

/** `alice` for alice@example.com, if there is only one. */
async function findByLocalPart(
  sql: Sql,
  reference: string,
): Promise<User | undefined | DomainError> {
  if (reference === "" || reference.includes("@")) return undefined;
  const start = `${reference}@`.toLowerCase();
  const users = (await listUsers(sql, { search: start, limit: 20 }))
    .filter(({ email }) => email.toLowerCase().startsWith(start));
  if (users.length < 2) return users[0];
  const emails = users.slice(0, 5).map(({ email }) => sanitizeLine(email, 254));
  return new DomainError(
    "invalid",
    `Several users are called ${valueText(sanitizeLine(reference, 100))}: ${
      emails.join(", ")
    }. Use the whole address.`,
    { field: "user" },
  );
}

function noSuchScope(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no scope ${valueText(sanitizeLine(name, 100))}.`,
    {
      field: "scope",
      commandHint: "To see the scopes of a resource, run: " +
        `${brand.binaryName} admin resource show default`,
    },
  );
}

function noSuchClient(id: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no client ${valueText(sanitizeLine(id, 100))}.`,
    {
      field: "client",
      commandHint: `To list all clients, run: ${brand.binaryName} admin client list`,
    },
  );
}
