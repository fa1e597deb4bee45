import { lookup } from "node:dns/promises";
import type { Route } from "./connection.ts";
import { sendRequest } from "./send_request.ts";

export interface OutboundRequest {
  method?: "GET" | "POST";
  /** The media types that the caller can parse (RFC 9110 section 12.5.1). */
  accept: string;
  headers?: Record<string, string>;
  body?: string;
  /** For the whole response. */
  timeoutMs: number;
  /** Largest body that is read; with 0 the body is left unread. */
  maxBytes: number;
  /** Whether the operator's settings allow private addresses. */
  allowPrivate: boolean;
  /** For a URL of the operator's own environment: http to any host too. */
  allowPlain?: boolean;
}

export interface OutboundResponse {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

export interface SendLimits {
  signal: AbortSignal;
  /** For the connection: another address may be faster. */
  connectTimeoutMs: number;
}

/** The network, as OutboundHttp needs it; tests provide their own. */
export interface OutboundNetwork {
  /** The addresses of a host name. */
  resolve(hostname: string): Promise<string[]>;
  /** Sends one request over `route`, without resolving the name in `url` again. */
  send(
    url: URL,
    request: OutboundRequest,
    route: Route,
    limits: SendLimits,
  ): Promise<OutboundResponse>;
  /** Environment variables, for the proxies they name. */
  env: Record<string, string>;
}

/** The network of this machine. */
export function machineNetwork(env: Record<string, string>): OutboundNetwork {
  return {
    env,
    resolve: async (hostname) =>
      (await lookup(hostname, { all: true })).map(({ address }) => address),
    send: (url, request, route, limits) => sendRequest(url, request, route, limits),
  };
}
