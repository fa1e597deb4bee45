import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { scopeNames, workloadScopes } from "../scopes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import {
  createServiceAccount,
  listServiceAccounts,
  setServiceAccountDisabled,
} from "../store/service_accounts.ts";
import { type Operation, OperationError } from "./operation.ts";

/** The scopes a workload may be given, checked against the catalogue. Throws OperationError. */
export function workloadScope(scope: string, { scopes }: Pick<ServerConfig, "scopes">): string {
  const wanted = parseScope(scope) ?? [];
  const known = scopeNames(workloadScopes(scopes));
  if (wanted.length === 0) {
    throw new OperationError("name the scopes it may carry with --scope", {
      fields: ["scope"],
      onPage: "Enter the scopes to grant.",
    });
  }
  const unknown = missingScopes(wanted, known);
  if (unknown.length > 0) {
    throw new OperationError(
      `there is no scope ${unknown.join(" ")} for workloads; ` +
        (known.length > 0
          ? `the config file's [scopes] has ${known.join(" ")}`
          : 'describe it in the config file first: [scopes] deploy = "Deploy your services"'),
      { fields: ["scope"] },
    );
  }
  return formatScope(wanted);
}

/** Adds a principal without a password, which carries `scope` at most. */
export const addServiceAccount: Operation<
  { name: string; scope: string },
  { id: string }
> = async ({ sql, clock, config }, { name, scope }) => {
  if (!/^[\w.:/-]{1,100}$/.test(name)) {
    throw new OperationError(`"${name}" is no name: letters, digits and . _ : / - alone`);
  }
  const now = new Date(clock.now());
  const account = await createServiceAccount(sql, {
    name,
    scope: workloadScope(scope, config),
    now,
  });
  if (account === undefined) throw new OperationError(`there is a service account ${name} already`);
  await recordAuditEvent(sql, clock, {
    event: "service_account.created",
    actor: "operator",
    subject: account.id,
    details: { name, scope: account.scope },
  });
  return { id: account.id };
};

export const listAllServiceAccounts: Operation<
  Record<never, never>,
  { name: string; scope: string; disabled: boolean }[]
> = async ({ sql }) =>
  (await listServiceAccounts(sql)).map(({ name, scope, disabledAt }) => ({
    name,
    scope,
    disabled: disabledAt !== undefined,
  }));

/** Shuts a service account out, or lets it in again. */
export const setServiceAccountShutOut: Operation<
  { name: string; disabled: boolean },
  Record<never, never>
> = async ({ sql, clock }, { name, disabled }) => {
  const now = new Date(clock.now());
  if (!await setServiceAccountDisabled(sql, { name, disabled, now })) {
    throw new OperationError(`there is no service account ${name}`);
  }
  await recordAuditEvent(sql, clock, {
    event: disabled ? "service_account.disabled" : "service_account.enabled",
    actor: "operator",
    subject: name,
  });
  return {};
};
