/** Scopes of the default resource in the database, which only files declare (`admin apply`). */
import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { isManagementScope } from "../../shared/management.ts";
import { MAX_SCOPE_LENGTH } from "../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { STANDARD_SCOPE_NAMES } from "../config/builtin_scopes.ts";
import { DomainError } from "../domain_error.ts";
import type { ScopeDescription } from "../scopes.ts";
import { auditedChanges, withoutValues } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { listGroups } from "../store/groups.ts";
import { withdrawStoredScopes } from "../store/resource_belongings.ts";
import { listResources, lockResources } from "../store/resources.ts";
import {
  deleteStoredScope,
  insertStoredScope,
  listStoredScopes,
  updateStoredScope,
} from "../store/scopes.ts";
import { adminEvent } from "./admin_event.ts";
import type { AdminDeps } from "./operation.ts";
import { checkResourceScopes, checkScopeGroups } from "./resource_scopes.ts";

type ScopeDeps = Pick<
  AdminDeps,
  "sql" | "clock" | "config" | "actor" | "address" | "loginId" | "applying"
>;

const MAX_STORED_SCOPES = 200;

export async function addScope(
  deps: ScopeDeps,
  scope: ScopeDescription,
): Promise<DomainError | undefined> {
  return await changeScope(deps, scope.name, "scope.created", async (tx) => {
    const stored = await listStoredScopes(tx);
    if (stored.length >= MAX_STORED_SCOPES) {
      return new DomainError("conflict", `There are already ${MAX_STORED_SCOPES} scopes.`);
    }
    const problem = checkName(scope) ?? await checkScope(deps, tx, scope) ??
      checkIsFree(deps, scope.name, await listResources(tx));
    if (problem !== undefined) return problem;
    if (!await insertStoredScope(tx, scope, new Date(deps.clock.now()))) return taken(scope.name);
    // It may have been one of a resource before, for which users approved it.
    await withdrawStoredScopes(tx, [scope.name], new Date(deps.clock.now()));
  });
}

export async function updateScope(
  deps: ScopeDeps,
  scope: ScopeDescription,
): Promise<DomainError | undefined> {
  return await changeScope(
    deps,
    scope.name,
    "scope.changed",
    async (tx) =>
      await checkScope(deps, tx, scope) ??
        (await updateStoredScope(tx, scope) ? undefined : noSuchScope(scope.name)),
  );
}

/** Tokens and logins do not have it any more, since it is not in the catalog. */
export async function removeScope(
  deps: ScopeDeps,
  name: string,
): Promise<DomainError | undefined> {
  return await changeScope(
    deps,
    name,
    "scope.removed",
    async (tx) => await deleteStoredScope(tx, name) ? undefined : noSuchScope(name),
  );
}

/** Runs `change` with its audit event in one transaction. */
async function changeScope(
  deps: ScopeDeps,
  name: string,
  event: string,
  change: (tx: Transaction) => Promise<DomainError | undefined>,
): Promise<DomainError | undefined> {
  return await deps.sql.begin(async (tx) => {
    // Names of scopes are unique across all resources.
    await lockResources(tx);
    const before = await storedScope(tx, name);
    const refusal = await change(tx);
    if (refusal !== undefined) return refusal;
    const after = await storedScope(tx, name);
    const details = auditedChanges(before, { ...withoutValues(before), ...after });
    await recordAuditEvent(tx, deps.clock, adminEvent(deps, { event, subject: name, details }));
  }) as DomainError | undefined;
}

/** Without values if there is no scope of this name. */
async function storedScope(tx: Transaction, name: string): Promise<Record<string, unknown>> {
  return { ...(await listStoredScopes(tx)).find((scope) => scope.name === name) };
}

async function checkScope(
  { config }: ScopeDeps,
  tx: Transaction,
  scope: ScopeDescription,
): Promise<DomainError | undefined> {
  return checkResourceScopes(config, [scope]) ??
    (scope.groups === undefined
      ? undefined
      : checkScopeGroups([scope], (await listGroups(tx)).map(({ name }) => name)));
}

function checkName({ name }: ScopeDescription): DomainError | undefined {
  if (isManagementScope(name) || STANDARD_SCOPE_NAMES.includes(name)) {
    return new DomainError(
      "invalid",
      `The scope ${name} is one of every server. Choose another name.`,
      { field: "name" },
    );
  }
  return name.length <= MAX_SCOPE_LENGTH ? undefined : new DomainError(
    "invalid",
    `The name of a scope has at most ${MAX_SCOPE_LENGTH} characters.`,
    { field: "name" },
  );
}

function checkIsFree(
  { config }: ScopeDeps,
  name: string,
  stored: readonly { name: string; scopes: readonly ScopeDescription[] }[],
): DomainError | undefined {
  const owner = [...config.resources, ...stored].find(({ scopes }) =>
    scopes.some((scope) => scope.name === name)
  );
  if (owner === undefined) return undefined;
  return new DomainError(
    "conflict",
    `The scope ${name} belongs to the resource ${owner.name} already. Scopes are unique on a server.`,
    { field: "name" },
  );
}

function taken(name: string): DomainError {
  return new DomainError("conflict", `There is already a scope ${name}.`, { field: "name" });
}

function noSuchScope(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no scope ${valueText(sanitizeLine(name, 100))}. ` +
      `To list all scopes, run: ${brand.binaryName} admin resource list`,
    { field: "name" },
  );
}
