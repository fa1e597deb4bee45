import type { ServerConfig } from "./server_config.ts";

/** The issuer if none is set: the address that the server listens on. */
export function defaultIssuer(
  { tls }: Pick<ServerConfig, "tls">,
  { hostname, port }: { hostname: string; port: number },
): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${tls ? "https" : "http"}://${host}:${port}`;
}
