import type { ServerConfig } from "../config/server_config.ts";
import type { Resource } from "./resource.ts";

/** Longest lifetime of an access token for the management interface, in seconds. */
const MANAGEMENT_TOKEN_LIFETIME = 300;

/**
 * Seconds. Both the operator's choices for the client and those for the resource are upper limits;
 * without either, it is as configured.
 */
export function accessTokenLifetime(
  { accessTokenLifetime: configured }: Pick<ServerConfig, "accessTokenLifetime">,
  resource: Resource,
  client: { accessTokenLifetime?: number } = {},
): number {
  const limits = [client.accessTokenLifetime, resource.accessTokenLifetime]
    .filter((seconds) => seconds !== undefined);
  const lifetime = limits.length === 0 ? configured : Math.min(...limits);
  return resource.kind === "management" ? Math.min(lifetime, MANAGEMENT_TOKEN_LIFETIME) : lifetime;
}
