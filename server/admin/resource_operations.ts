import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { managementResource } from "../../shared/management.ts";
import { missingScopes } from "../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { checkDistinct, checkResource } from "../config/check_resource.ts";
import { DomainError } from "../domain_error.ts";
import { withdrawResource } from "../logins/withdraw_resource.ts";
import {
  DEFAULT_RESOURCE,
  MANAGEMENT_RESOURCE,
  type RegisteredResource,
} from "../resources/resource.ts";
import { type ScopeDescription, scopeNames } from "../scopes.ts";
import { auditedChanges, auditedRemoval } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { listGroups } from "../store/groups.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { setOwner } from "../store/owners.ts";
import { type ResourceBelongings, withdrawStoredScopes } from "../store/resource_belongings.ts";
import {
  deleteResource,
  insertResource,
  listResources,
  lockResources,
  updateResource as updateStoredResource,
} from "../store/resources.ts";
import { adminEvent } from "./admin_event.ts";
import { editing } from "./managed.ts";
import { listStoredScopes } from "../store/scopes.ts";
import type { AdminDeps, Empty } from "./operation.ts";
import {
  checkResourceScopes,
  checkScopeGroups,
  type DeclaredScope,
  mergeScopes,
} from "./resource_scopes.ts";
import { resourceVersion } from "./resource_version.ts";
import { builtInResources, type ResourceView, resourceView } from "./resource_view.ts";

/** What the operations on resources need. */
export type ResourceDeps =
  & Pick<AdminDeps, "sql" | "clock" | "actor" | "address" | "loginId" | "applying" | "issuer">
  & {
    catalog: Pick<AdminDeps["catalog"], "default" | "management">;
    config: Pick<ServerConfig, "scopes" | "resources" | "issuer" | "tls" | "trustedProxies">;
  };

type ResourceOperation<Params, Result> = (deps: ResourceDeps, params: Params) => Promise<Result>;

/** What to change; undefined stays, null is removed. */
export type ResourceChanges = {
  [Key in Exclude<keyof RegisteredResource, "name">]?: RegisteredResource[Key] | null;
};

/** Resources in the database: all of them are kept in memory. */
const MAX_RESOURCES = 200;

export const listAllResources: ResourceOperation<Empty, ResourceView[]> = async (
  { sql, catalog, config },
) => {
  const stored = await listResources(sql);
  const inFile = config.resources.map((resource) => resourceView(resource, "config-file"));
  // The config file wins over a row of the same name: see ResourceCatalog.
  const hidden = new Set(config.resources.map(({ name }) => name));
  return [
    ...builtInResources(catalog, [...config.scopes, ...await listStoredScopes(sql)]),
    ...inFile,
    ...stored.filter(({ name }) => !hidden.has(name))
      .map((resource) => resourceView(resource, "database")),
  ];
};

export const showResource: ResourceOperation<{ name: string }, ResourceView | DomainError> = async (
  deps,
  { name },
) => {
  const resources = await listAllResources(deps, {});
  return resources.find((resource) => resource.name === name) ??
    resources.find(({ identifier }) => identifier === name) ?? noSuchResource(name);
};

export const addResource: ResourceOperation<RegisteredResource, ResourceView | DomainError> =
  async (deps, resource) =>
    await changeResource(deps, { name: resource.name, event: "resource.created" }, async (tx) => {
      const stored = await listResources(tx);
      if (stored.length >= MAX_RESOURCES) {
        return new DomainError(
          "conflict",
          `There are already ${MAX_RESOURCES} resources. Remove one that is not needed.`,
        );
      }
      const problem = await checkSettings(tx, deps, resource, stored) ??
        await checkGroups(tx, resource.scopes);
      if (problem !== undefined) return problem;
      const isNew = await insertResource(tx, { ...resource, now: new Date(deps.clock.now()) });
      if (isNew) {
        if (deps.actor !== undefined) {
          await setOwner(tx, { kind: "resource", name: resource.name, ownerId: deps.actor });
        }
        await withdrawNewScopes(deps, tx, { before: [], after: resource.scopes });
        return { identifier: resource.identifier, ...auditedChanges({}, { ...resource }) };
      }
      return new DomainError("conflict", "There is already such a resource.", { field: "name" });
    });

/**
 * Changes a resource. `version` is that of the resource that the changes were prepared for;
 * undefined: any.
 */
export const updateResource: ResourceOperation<
  {
    name: string;
    changes: ResourceChanges;
    /** Scopes to add, or to replace those of the same name. */
    declaredScopes?: DeclaredScope[];
    removedScopes?: string[];
    version?: string;
  },
  ResourceView | DomainError
> = editing(
  "resource",
  ({ name }) => name,
  async (deps, { name, changes, declaredScopes = [], removedScopes = [], version }) =>
    await changeResource(deps, { name, event: "resource.changed" }, async (tx) => {
      const stored = await listResources(tx);
      const resource = stored.find((other) => other.name === name);
      if (resource === undefined) return noSuchResource(name);
      if (version !== undefined && version !== resourceVersion(resource)) {
        return new DomainError(
          "conflict",
          `The resource ${name} was changed in the meantime. Check its settings and try again.`,
        );
      }
      const { identifier } = changes;
      if (identifier !== undefined && identifier !== resource.identifier) return fixedIdentifier();
      const scopes = mergeScopes(changes.scopes ?? resource.scopes, declaredScopes, removedScopes);
      if (scopes instanceof DomainError) return scopes;
      const changed = {
        ...resource,
        ...Object.fromEntries(
          Object.entries(changes).filter(([, value]) => value !== undefined)
            .map(([key, value]) => [key, value ?? undefined]),
        ),
        scopes,
        claims: changes.claims ?? resource.claims,
      };
      const others = stored.filter((other) => other.name !== name);
      const problem = await checkSettings(tx, deps, changed, others) ??
        await checkGroups(tx, changed.scopes);
      if (problem !== undefined) return problem;
      await updateStoredResource(tx, changed);
      await withdrawNewScopes(deps, tx, { before: resource.scopes, after: scopes });
      const isScoped = declaredScopes.length + removedScopes.length > 0;
      const keys = Object.keys({
        ...changes,
        ...isScoped && { scopes },
      }) as (keyof ResourceChanges)[];
      return {
        changed: keys.filter((key) =>
          key !== "identifier" && (changes[key] !== undefined || (key === "scopes" && isScoped))
        ).join(" "),
        ...auditedChanges({ ...resource }, { ...changed }),
      };
    }),
);

/** Removes a resource from the server, and from all that was approved for it. */
export const removeResource: ResourceOperation<
  { name: string },
  ResourceBelongings | DomainError
> = editing("resource", ({ name }) => name, async (deps, { name }) => {
  let belongings: ResourceBelongings | undefined;
  const removed = await inTransaction(deps, name, async (tx, now) => {
    const resource = (await listResources(tx)).find((other) => other.name === name);
    if (resource === undefined) return noSuchResource(name);
    belongings = await withdrawResource(tx, resource, now);
    await deleteResource(tx, name);
    await audit(tx, deps, {
      name,
      event: "resource.removed",
      details: {
        identifier: resource.identifier,
        ...belongings,
        ...auditedRemoval({ ...resource }),
      },
    });
    return resource;
  });
  return removed instanceof DomainError ? removed : belongings!;
});

/** Runs `change` with its audit event in one transaction, and returns the resource after it. */
async function changeResource(
  deps: ResourceDeps,
  { name, event }: { name: string; event: string },
  change: (tx: Transaction) => Promise<Record<string, string> | DomainError>,
): Promise<ResourceView | DomainError> {
  return await inTransaction(deps, name, async (tx) => {
    const details = await change(tx);
    if (details instanceof DomainError) return details;
    await audit(tx, deps, { name, event, details });
    const resource = (await listResources(tx)).find((other) => other.name === name)!;
    return resourceView(resource, "database");
  });
}

async function inTransaction<Result>(
  { sql, clock, config }: ResourceDeps,
  name: string,
  change: (tx: Transaction, now: Date) => Promise<Result | DomainError>,
): Promise<Result | DomainError> {
  const refusal = checkIsInDatabase(name, config);
  if (refusal !== undefined) return refusal;
  return await (sql as Sql).begin(async (tx) => {
    // Names of scopes are unique across all resources.
    await lockResources(tx);
    return await change(tx, new Date(clock.now()));
  }) as Result | DomainError;
}

async function audit(
  tx: Transaction,
  deps: ResourceDeps,
  { name, event, details }: {
    name: string;
    event: string;
    details: Record<string, string | number>;
  },
): Promise<void> {
  await recordAuditEvent(tx, deps.clock, adminEvent(deps, { event, subject: name, details }));
}

/** A scope may have been one of another resource before, for which users approved it. */
async function withdrawNewScopes(
  { clock }: Pick<ResourceDeps, "clock">,
  tx: Transaction,
  { before, after }: { before: readonly ScopeDescription[]; after: readonly ScopeDescription[] },
): Promise<void> {
  const added = missingScopes(scopeNames(after), scopeNames(before));
  if (added.length > 0) await withdrawStoredScopes(tx, added, new Date(clock.now()));
}

/** Those of the file and of every server are changed elsewhere. */
export function checkIsInDatabase(
  name: string,
  config: Pick<ServerConfig, "resources">,
): DomainError | undefined {
  if (name === DEFAULT_RESOURCE || name === MANAGEMENT_RESOURCE) {
    return new DomainError(
      "invalid",
      `The resource ${name} is one of every server and cannot be changed or removed` +
        (name === DEFAULT_RESOURCE
          ? ". Its scopes are [scopes] in the config file, its identifier is the setting audience."
          : "."),
      { field: "name" },
    );
  }
  if (!config.resources.some((resource) => resource.name === name)) return undefined;
  return new DomainError(
    "invalid",
    `The resource ${name} is in the config file. Change it there, and restart the server.`,
    { field: "name" },
  );
}

async function checkSettings(
  tx: Transaction,
  { catalog, config, issuer }: ResourceDeps,
  resource: RegisteredResource,
  others: readonly RegisteredResource[],
): Promise<DomainError | undefined> {
  const registered = [...config.resources, ...others];
  const problem = checkResource(resource) ?? checkDistinct(resource, {
    names: registered.map(({ name }) => name),
    identifiers: [
      issuer,
      catalog.default.identifier,
      managementResource(issuer),
      ...registered.map(({ identifier }) => identifier),
    ],
    scopes: [
      ...config.scopes,
      ...await listStoredScopes(tx),
      ...registered.flatMap(({ name: owner, scopes }) =>
        scopes.map(({ name }) => ({ name, resource: owner }))
      ),
    ],
  });
  if (problem === undefined) return checkResourceScopes(config, resource.scopes);
  const { field, message } = problem;
  return new DomainError("invalid", message, { field });
}

async function checkGroups(
  tx: Transaction,
  scopes: readonly ScopeDescription[],
): Promise<DomainError | undefined> {
  if (scopes.every(({ groups }) => groups === undefined)) return undefined;
  return checkScopeGroups(scopes, (await listGroups(tx)).map(({ name }) => name));
}

function fixedIdentifier(): DomainError {
  return new DomainError(
    "invalid",
    "The identifier of a resource cannot be changed: logins and tokens that users approved for " +
      "it would be for another API. Add a resource with the new identifier, and remove this one.",
    { field: "identifier" },
  );
}

function noSuchResource(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no resource ${valueText(sanitizeLine(name, 100))}. ` +
      `To list all resources, run: ${brand.binaryName} admin resource list`,
    { field: "name" },
  );
}
