import type { ServerConfig } from "./server_config.ts";

/**
 * False behind a reverse proxy that is not trusted: all clients have its address. A server that
 * serves HTTPS itself, or only its own machine, sees the addresses of its clients.
 */
export function knowsClientAddresses(
  { issuer, tls, trustedProxies }: Pick<ServerConfig, "issuer" | "tls" | "trustedProxies">,
): boolean {
  return !issuer?.startsWith("https:") || tls !== undefined || trustedProxies.length > 0;
}

export const UNKNOWN_ADDRESSES =
  "same-network has no effect, since all clients have the address of the reverse proxy. Set " +
  "trusted_proxies to that address first.";
