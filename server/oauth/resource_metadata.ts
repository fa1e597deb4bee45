import type { ProtectedResourceMetadata } from "../../shared/oauth/protected_resource_metadata.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import type { Resource } from "../resources/resource.ts";
import type { ScopeDescription } from "../scopes.ts";

/** Below the origin of a resource, before its path (RFC 9728 section 3.1). */
export const WELL_KNOWN_RESOURCE = "/.well-known/oauth-protected-resource";

/** The metadata of a resource (RFC 9728 section 2). */
export function protectedResourceMetadata(
  issuer: string,
  { identifier, name, title }: Resource,
  scopes: readonly ScopeDescription[],
): ProtectedResourceMetadata {
  return {
    resource: identifier,
    authorization_servers: [issuer],
    scopes_supported: scopes.map(({ name }) => name),
    bearer_methods_supported: ["header"],
    resource_name: title ?? name,
  };
}

/**
 * The resource whose well-known document has this path here: one at the origin of this server. For
 * others, their own server has to serve the document, or send requests for it here.
 */
export function resourceOfWellKnownPath(
  catalog: Pick<ResourceCatalog, "findByIdentifier">,
  issuer: string,
  path: string,
): Resource | undefined {
  return catalog.findByIdentifier(
    new URL(issuer).origin + path.slice(WELL_KNOWN_RESOURCE.length),
  );
}
