import type { ResourceCatalog } from "../resources/catalog.ts";
import type { RegisteredResource } from "../resources/resource.ts";
import type { ScopeDescription } from "../scopes.ts";
import { managingFile } from "../store/managed_file.ts";
import type { StoredResource } from "../store/resources.ts";

/** Where a resource comes from: only those of the database can be changed while the server runs. */
export type ResourceSource = "built-in" | "config-file" | "database";

/** A scope as operators see it. Absent is null, since it is printed as JSON. */
export interface ResourceScopeView {
  name: string;
  description: string;
  roles: readonly string[] | null;
  groups: readonly string[] | null;
  clients: readonly string[] | null;
  /** Whether personal access tokens can have it. */
  tokens: boolean;
  deviceFlow: readonly string[];
  /** What the sign-in of the user who approves it must be at least. */
  factor: string | null;
}

/** A resource as operators see it. */
export interface ResourceView {
  name: string;
  identifier: string;
  title: string | null;
  source: ResourceSource;
  scopes: ResourceScopeView[];
  /** Seconds; null: as configured. */
  accessTokenLifetime: number | null;
  signingAlgorithm: string | null;
  claims: readonly string[];
  createdAt: string | null;
  /** The file that manages it (`admin apply`); null: it is managed by hand. */
  managedBy: string | null;
}

export function resourceView(
  resource: RegisteredResource | StoredResource,
  source: ResourceSource,
): ResourceView {
  return {
    name: resource.name,
    identifier: resource.identifier,
    title: resource.title ?? null,
    source,
    scopes: resource.scopes.map(scopeView),
    accessTokenLifetime: resource.accessTokenLifetime ?? null,
    signingAlgorithm: resource.signingAlgorithm ?? null,
    claims: resource.claims,
    createdAt: "createdAt" in resource ? resource.createdAt.toISOString() : null,
    managedBy: "managedBy" in resource ? managingFile(resource) : null,
  };
}

/** The resources of every server, with the scopes that their tokens can have. */
export function builtInResources(
  catalog: Pick<ResourceCatalog, "default" | "management">,
  scopes: readonly ScopeDescription[],
): ResourceView[] {
  return [catalog.default, catalog.management].map((resource) =>
    resourceView({
      ...resource,
      scopes: scopes.filter(({ name }) =>
        name.startsWith("manage:") === (resource.kind === "management")
      ),
    }, "built-in")
  );
}

function scopeView(
  { name, description, roles, groups, clients, tokens, deviceFlow, factor }: ScopeDescription,
) {
  return {
    name,
    description,
    roles: roles ?? null,
    groups: groups ?? null,
    clients: clients ?? null,
    tokens: tokens ?? true,
    deviceFlow: deviceFlow ?? [],
    factor: factor ?? null,
  };
}
