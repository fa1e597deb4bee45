import type { ResourceCatalog } from "./catalog.ts";
import type { Resource } from "./resource.ts";

/** What limits the resources of a client: names; undefined: all. */
export interface ResourceClient {
  resources?: readonly string[];
}

/**
 * Whether a client may have tokens for a resource. At the management interface, its scopes limit
 * it.
 */
export function mayUseResource({ resources }: ResourceClient, { kind, name }: Resource): boolean {
  return kind === "management" || resources === undefined || resources.includes(name);
}

/** The resources that a client may have tokens for, the default one first. */
export function clientResources(
  catalog: Pick<ResourceCatalog, "resources">,
  client: ResourceClient,
): Resource[] {
  return catalog.resources().filter((resource) => mayUseResource(client, resource));
}

/**
 * Whether a client may introspect tokens for a resource (RFC 7662 section 4): without a list of its
 * own, only those for the default one.
 */
export function mayIntrospect({ resources }: ResourceClient, resource: Resource): boolean {
  return resources === undefined ? resource.kind === "default" : resources.includes(resource.name);
}
