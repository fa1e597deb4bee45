import { listText } from "../../shared/list_text.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import {
  clientResources,
  mayUseResource,
  type ResourceClient,
} from "../resources/client_resources.ts";
import type { Resource } from "../resources/resource.ts";

export type RequestCatalog = Pick<
  ResourceCatalog,
  "approved" | "default" | "findByIdentifier" | "resources"
>;

/**
 * The resources that the `resource` parameters of an authorization request name (RFC 8707 section
 * 2). Without one: the default resource or, if the client may not use it, its first one.
 */
export function requestedResources(
  catalog: RequestCatalog,
  client: ResourceClient,
  identifiers: readonly string[],
): Resource[] | OAuthError {
  const available = clientResources(catalog, client);
  if (identifiers.length === 0) {
    return available.length > 0 ? [available[0]] : invalidTarget(available);
  }
  const requested: Resource[] = [];
  for (const identifier of identifiers) {
    const resource = catalog.findByIdentifier(identifier);
    if (resource === undefined || !mayUseResource(client, resource)) {
      return invalidTarget(available);
    }
    if (!requested.includes(resource)) requested.push(resource);
  }
  if (requested.length > 1 && requested.some(({ kind }) => kind === "management")) {
    return new OAuthError(
      "invalid_target",
      "Access to the management interface needs an approval of its own. Request it without other " +
        "resources.",
    );
  }
  return requested;
}

/**
 * The resource that a token request selects (RFC 8707 section 2.2) among those that were approved
 * for a login, as they are stored. Without one: the default resource if it was approved, else the
 * first. The scopes of a login decide whether it may manage tokens.
 */
export function selectResource(
  catalog: RequestCatalog,
  client: ResourceClient,
  approved: readonly string[] | undefined,
  identifier: string | undefined,
): Resource | OAuthError {
  const resources = catalog.approved(approved)
    .filter((resource) => mayUseResource(client, resource));
  if (identifier === undefined) {
    return resources.find(({ kind }) => kind === "default") ?? resources[0] ??
      invalidTarget(clientResources(catalog, client));
  }
  const resource = catalog.findByIdentifier(identifier);
  if (resource === undefined) return invalidTarget(resources);
  if (resource.kind === "management" || resources.includes(resource)) return resource;
  return new OAuthError(
    "invalid_target",
    `The login was approved for ${
      identifiers(resources)
    } only. Request that, or log in for ${resource.identifier}.`,
  );
}

export type TargetCatalog = Pick<ResourceCatalog, "find" | "findByIdentifier" | "resources">;

/** A token request, as far as it names a target. */
interface TargetRequest {
  client: ResourceClient;
  parameter(name: string): string | undefined;
}

/**
 * The resource that the parameters of a token exchange name (RFC 8693 section 2.1, RFC 8707 section
 * 2); undefined if they name none. Tokens for the management interface are never exchanged for.
 */
export function exchangeTarget(
  catalog: TargetCatalog,
  { client, parameter }: TargetRequest,
  names: readonly ("audience" | "resource")[] = ["audience", "resource"],
): Resource | undefined | OAuthError {
  const [resource, audience] = (["resource", "audience"] as const).map((name) =>
    names.includes(name) ? parameter(name) : undefined
  );
  // RFC 8693 section 2.1: an audience is a logical name, a resource is a URI.
  const targets = [
    ...resource === undefined ? [] : [catalog.findByIdentifier(resource)],
    ...audience === undefined ? [] : [catalog.find(audience)],
  ];
  const [target] = targets;
  const isValid = targets.every((other) =>
    other !== undefined && other === target && other.kind !== "management" &&
    mayUseResource(client, other)
  );
  return isValid ? target : invalidTarget(clientResources(catalog, client));
}

export function invalidTarget(available: readonly Resource[]): OAuthError {
  return new OAuthError(
    "invalid_target",
    available.length === 0
      ? "There is no resource that this client may request tokens for. Ask the operator."
      : `This server issues tokens for ${identifiers(available)}. Request ${
        available.length === 1 ? "that resource" : "one of these"
      }, or none.`,
  );
}

function identifiers(resources: readonly Resource[]): string {
  return listText(resources.map(({ identifier }) => identifier), "no resource", ", ");
}
