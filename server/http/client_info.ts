import type { ClientAddress } from "./client_ip.ts";
import type { HostRules } from "./request_target.ts";

/** Longest user agent that is stored, in characters. */
const MAX_USER_AGENT = 256;

/** What the listener passes to the application about a connection. */
export interface ConnectionBindings extends HostRules {
  /** The address of the peer, which may be a proxy. */
  peer: string;
}

/** Where a request came from, as users see it and as rate limits count it. */
export interface ClientInfo {
  address: string;
  userAgent: string;
}

/** The client of a request that the router handles, behind trusted proxies if there are any. */
export function clientInfoOf(
  c: { env: ConnectionBindings; req: { raw: Request } },
  clientAddress: ClientAddress,
): ClientInfo {
  return clientInfoOfRequest(c.req.raw, c.env, clientAddress);
}

/** The same for a request that bypasses the router. */
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
