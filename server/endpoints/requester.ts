import type { ClientAddress } from "../client_address.ts";

/** Longest user agent we keep, in characters. */
const MAX_USER_AGENT = 256;

/** What the server tells the application of a connection. */
export interface ConnectionBindings {
  /** Address of the peer, which may be a proxy. */
  peer: string;
}

/** Where a request came from, as shown to people and counted by limits. */
export interface Requester {
  address: string;
  userAgent: string;
}

/** Address and user agent of a request, proxies accounted for. */
export function requesterOf(
  c: { env: ConnectionBindings; req: { header(name: string): string | undefined } },
  clientAddress: ClientAddress,
): Requester {
  return {
    address: clientAddress(c.env.peer, c.req.header("x-forwarded-for") ?? null),
    userAgent: (c.req.header("user-agent") ?? "").slice(0, MAX_USER_AGENT),
  };
}
