import { valueText } from "../../shared/list_text.ts";
import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { DomainError } from "../domain_error.ts";
import { scopeNames, workloadScopes } from "../scopes.ts";
import { managingFile } from "../store/managed_file.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import * as store from "../store/service_accounts.ts";
import { adminEvent } from "./admin_event.ts";
import { editing } from "./managed.ts";
import type { Empty, Operation } from "./operation.ts";

/** Names of service accounts and trust rules. */
const NAME = /^[\w.:/-]{1,100}$/;

/** The scopes that a workload may be granted, checked against the catalog. */
export function validateWorkloadScope(
  scope: string,
  catalog: Pick<ResourceCatalog, "scopes">,
): string | DomainError {
  const requested = parseScope(scope) ?? [];
  const known = scopeNames(workloadScopes(catalog.scopes()));
  if (requested.length === 0) {
    return new DomainError("invalid", "Name the scopes to grant.", { field: "scope" });
  }
  const unknown = missingScopes(requested, known);
  if (unknown.length === 0) return formatScope(requested);
  return new DomainError(
    "invalid",
    `Workloads cannot have the scope ${unknown.join(" ")}. ` +
      (known.length > 0
        ? `Choose from ${known.join(" ")}, which the config file has under [scopes].`
        : "They can have those under [scopes] in the config file, which has none yet. Add one, " +
          'such as deploy = "Deploy your services", and restart the server.'),
    { field: "scope" },
  );
}

/** Adds a principal without a password, which carries `scope` at most. */
export const addServiceAccount: Operation<
  { name: string; scope: string },
  { id: string } | DomainError
> = async (deps, { name, scope }) => {
  const { sql, clock, catalog } = deps;
  if (!NAME.test(name)) {
    return new DomainError(
      "invalid",
      `"${name}" is not a valid name. Use up to 100 letters, digits and the characters . _ : / -`,
      { field: "name" },
    );
  }
  const workload = validateWorkloadScope(scope, catalog);
  if (workload instanceof DomainError) return workload;
  const now = new Date(clock.now());
  const account = await store.createServiceAccount(sql, { name, scope: workload, now });
  if (account === undefined) {
    return new DomainError(
      "conflict",
      `A service account ${name} already exists. Choose another name.`,
      { field: "name" },
    );
  }
  const details = { name, scope: account.scope };
  const event = adminEvent(deps, {
    event: "service_account.created",
    subject: account.id,
    details,
  });
  await recordAuditEvent(sql, clock, event);
  return { id: account.id };
};

export const listAllServiceAccounts: Operation<
  Empty,
  { name: string; scope: string; disabled: boolean; managedBy: string | null }[]
> = async ({ sql }) =>
  (await store.listServiceAccounts(sql)).map((account) => ({
    name: account.name,
    scope: account.scope,
    disabled: account.disabledAt !== undefined,
    managedBy: managingFile(account),
  }));

/** Changes the scopes that an account may carry at most. */
export const updateServiceAccount: Operation<
  { name: string; scope: string },
  Empty | DomainError
> = editing("service-account", ({ name }) => name, async (deps, { name, scope }) => {
  const { sql, clock, catalog } = deps;
  const workload = validateWorkloadScope(scope, catalog);
  if (workload instanceof DomainError) return workload;
  const account = await store.findServiceAccountByName(sql, name);
  if (account === undefined) return noSuchAccount(name);
  await store.setServiceAccountScope(sql, { id: account.id, scope: workload });
  const details = { scope: workload, scope_before: account.scope };
  const event = adminEvent(deps, { event: "service_account.changed", subject: name, details });
  await recordAuditEvent(sql, clock, event);
  return {};
});

/** Disables or enables a service account. */
export const setServiceAccountDisabled: Operation<
  { name: string; disabled: boolean },
  Empty | DomainError
> = editing("service-account", ({ name }) => name, async (deps, { name, disabled }) => {
  const { sql, clock } = deps;
  const now = new Date(clock.now());
  if (!await store.setServiceAccountDisabled(sql, { name, disabled, now })) {
    return noSuchAccount(name);
  }
  const event = disabled ? "service_account.disabled" : "service_account.enabled";
  await recordAuditEvent(sql, clock, adminEvent(deps, { event, subject: name }));
  return {};
});

function noSuchAccount(name: string): DomainError {
  return new DomainError("not_found", `There is no service account ${valueText(name)}.`, {
    field: "name",
  });
}
