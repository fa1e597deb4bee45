import type { ClientAddress } from "./client_ip.ts";
import type { HostRules } from "./request_target.ts";

/** Longest user agent we keep, in characters. */
const MAX_USER_AGENT = 256;

/** What the application needs to know of a connection. */
export interface ConnectionBindings extends HostRules {
  /** Address of the peer, which may be a proxy. */
  peer: string;
}

/** Where a request came from, as shown to users and counted by rate limits. */
export interface ClientInfo {
  address: string;
  userAgent: string;
}

/** Address and user agent of a request, behind trusted proxies too. */
export function clientInfoOf(
  c: { env: ConnectionBindings; req: { raw: Request } },
  clientAddress: ClientAddress,
): ClientInfo {
  return clientInfoOfRequest(c.req.raw, c.env, clientAddress);
}

/** The same, of a request that went past the router. */
export function clientInfoOfRequest(
  { headers }: Request,
  { peer }: ConnectionBindings,
  clientAddress: ClientAddress,
): ClientInfo {
  return {
    address: clientAddress(peer, headers),
    userAgent: (headers.get("user-agent") ?? "").slice(0, MAX_USER_AGENT),
  };
}
