import { managementResource } from "../../shared/management.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ServerConfig } from "../config/server_config.ts";

/** What an access token is for: the operator's API, or our own management interface. */
export type Resource = "api" | "management";

type Parts = { config: Pick<ServerConfig, "audience">; issuer: string };

/** The resource's identifier (RFC 8707 section 2), which is the `aud` of its access tokens. */
export function audienceOf({ config, issuer }: Parts, resource: Resource): string {
  return resource === "management" ? managementResource(issuer) : config.audience ?? issuer;
}

/** The resource that a `resource` parameter names (RFC 8707 section 2); without one, the API. */
export function requestedResource(
  parts: Parts,
  identifier: string | undefined,
): Resource | OAuthError {
  if (identifier === undefined) return "api";
  const resource = (["api", "management"] as const)
    .find((each) => audienceOf(parts, each) === identifier);
  return resource ??
    new OAuthError("invalid_target", `This server issues tokens for ${audienceOf(parts, "api")}.`);
}
