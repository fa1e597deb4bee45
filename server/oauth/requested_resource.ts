import { OAuthError } from "../../shared/oauth/errors.ts";
import { audienceOf, type Resource, type ResourceConfig } from "../tokens/resource.ts";

/** The resource that a `resource` parameter names (RFC 8707 section 2); without one, the API. */
export function requestedResource(
  deps: ResourceConfig,
  identifier: string | undefined,
): Resource | OAuthError {
  if (identifier === undefined) return "api";
  const resources = ["api", "management"] as const;
  return resources.find((resource) => audienceOf(deps, resource) === identifier) ??
    invalidTarget(deps);
}

/**
 * Rejects a request for another target than the API (RFC 8693 section 2.1, RFC 8707 section 2):
 * the only one that tokens are exchanged for.
 */
export function checkExchangeTarget(
  deps: ResourceConfig,
  parameter: (name: string) => string | undefined,
  names: readonly ("audience" | "resource")[],
): OAuthError | undefined {
  const target = audienceOf(deps, "api");
  const isApi = names.every((name) => (parameter(name) ?? target) === target);
  return isApi ? undefined : invalidTarget(deps);
}

function invalidTarget(deps: ResourceConfig): OAuthError {
  return new OAuthError(
    "invalid_target",
    `This server issues tokens for ${audienceOf(deps, "api")}. Request that resource, or none.`,
  );
}
