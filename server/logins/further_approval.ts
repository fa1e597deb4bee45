import type { ServerConfig } from "../config/server_config.ts";
import { accessTokenLifetime } from "../resources/access_token_lifetime.ts";
import type { Resource } from "../resources/resource.ts";
import type { Client } from "../store/clients.ts";

/**
 * How long the token of a further approval for a login is valid, in seconds: the page shows it. By
 * default as long as other access tokens for the resource, at most as long as a narrow token, and
 * never longer than the login itself.
 */
export function furtherTokenLifetime(
  config: Pick<ServerConfig, "accessTokenLifetime" | "narrowTokenMaxLifetime">,
  resource: Resource,
  client: Pick<Client, "accessTokenLifetime">,
  requestedLifetime: number | undefined,
  loginExpiresInMs: number,
): number {
  const usual = accessTokenLifetime(config, resource, client);
  const lifetime = requestedLifetime === undefined
    ? usual
    : resource.kind === "management"
    ? Math.min(requestedLifetime, usual)
    : Math.min(requestedLifetime, config.narrowTokenMaxLifetime);
  return Math.max(1, Math.min(lifetime, Math.floor(loginExpiresInMs / 1000)));
}
