import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import type { Resource } from "../resources/resource.ts";

type Catalog = Pick<ResourceCatalog, "default" | "findByIdentifier">;

/** The resource that a `resource` parameter names (RFC 8707 section 2); without one, the default. */
export function requestedResource(
  catalog: Catalog,
  identifier: string | undefined,
): Resource | OAuthError {
  if (identifier === undefined) return catalog.default;
  return catalog.findByIdentifier(identifier) ?? invalidTarget(catalog);
}

/**
 * Rejects a request for another target than the default resource (RFC 8693 section 2.1, RFC 8707
 * section 2): the only one that tokens are exchanged for.
 */
export function checkExchangeTarget(
  catalog: Catalog,
  parameter: (name: string) => string | undefined,
  names: readonly ("audience" | "resource")[],
): OAuthError | undefined {
  const target = catalog.default.identifier;
  const isDefault = names.every((name) => (parameter(name) ?? target) === target);
  return isDefault ? undefined : invalidTarget(catalog);
}

function invalidTarget(catalog: Catalog): OAuthError {
  return new OAuthError(
    "invalid_target",
    `This server issues tokens for ${catalog.default.identifier}. Request that resource, or none.`,
  );
}
