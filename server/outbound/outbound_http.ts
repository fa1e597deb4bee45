import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import { isPublicAddress } from "./ssrf_guard.ts";
import { isLoopbackHost } from "../config/parsers.ts";
import { basicAuthorization, close, openConnection, type Route, writeAll } from "./connection.ts";
import { MessageError, readBody, readHead, StreamReader } from "./http_message.ts";
import { hostOf, proxyFor } from "./proxy.ts";

/** Addresses of one name that are tried: with more, none would have the time to answer. */
const MAX_ATTEMPTS = 4;
/** Largest head of a response we read, in bytes. */
const MAX_HEAD = 32 * 1024;

export interface OutboundRequest {
  method?: "GET" | "POST";
  /** The media types we can read (RFC 9110 section 12.5.1). */
  accept: string;
  headers?: Record<string, string>;
  body?: string;
  /** Longest wait for the whole response, in ms. */
  timeout: number;
  /** Largest body that is read, in bytes. 0: whatever there is, it is left unread. */
  maxBytes: number;
  /** Whether the operator's settings let this request leave the public internet. */
  allowPrivate: boolean;
}

export interface OutboundResponse {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** Why there is no response. `forbidden` and `private_address`: nothing was sent. */
export type OutboundFailure =
  | "forbidden"
  | "private_address"
  | "unreachable"
  | "timeout"
  | "too_large";

/** A request got no response; `message` continues a sentence that names the address. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  constructor(readonly failure: OutboundFailure, message: string) {
    super(message);
  }
}

export interface SendLimits {
  signal: AbortSignal;
  /** Longest wait for the connection, in ms: another address may do. */
  connectTimeout: number;
}

/** The network, as OutboundHttp needs it; tests hand in their own. */
export interface OutboundNetwork {
  /** The addresses of a host name. */
  resolve(hostname: string): Promise<string[]>;
  /** Sends one request over `route`, without looking the name in `url` up again. */
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
    send: (url, request, route, limits) => exchange(url, request, route, limits),
  };
}

/**
 * The one way in which the server sends HTTP requests. Addresses come from tokens, rules and
 * documents of others, so each request is guarded against being made to reach the operator's own
 * network (SSRF): https only; a name is resolved once, all its addresses must be public, and the
 * connection goes to one of those; no redirect is followed; size and time are bounded.
 */
export class OutboundHttp {
  constructor(private readonly network: OutboundNetwork) {}

  /** The response, whatever its status; a redirect is one as well. Throws OutboundError. */
  async request(address: string | URL, request: OutboundRequest): Promise<OutboundResponse> {
    const url = checkedUrl(address, request.allowPrivate);
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), request.timeout);
    try {
      return await withinDeadline(this.#send(url, request, deadline.signal), deadline.signal);
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      if (deadline.signal.aborted) {
        throw new OutboundError("timeout", `did not answer within ${request.timeout / 1000} s`);
      }
      if (error instanceof MessageError) {
        throw new OutboundError(error.tooLarge ? "too_large" : "unreachable", error.message);
      }
      throw new OutboundError("unreachable", `cannot be reached: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
      deadline.abort();
    }
  }

  async #send(url: URL, request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
    const routes = await this.#routes(url, request.allowPrivate);
    const limits = { signal, connectTimeout: request.timeout / routes.length };
    for (const [index, route] of routes.entries()) {
      try {
        return await this.network.send(url, request, route, limits);
      } catch (error) {
        // Nothing was sent yet: another address of the name may do.
        if (!(error instanceof NotConnected) || index === routes.length - 1) throw error;
      }
    }
    throw new OutboundError("unreachable", "has no address");
  }

  /** Where to connect to, after one look-up of the name. */
  async #routes(url: URL, allowPrivate: boolean): Promise<Route[]> {
    const host = hostOf(url);
    const literal = isIP(host) !== 0;
    // A proxy resolves names itself, and its rules decide; an address can be judged here.
    const proxy = proxyFor(url, this.network.env);
    if (proxy !== undefined && !literal && !isLoopbackHost(host)) return [{ proxy }];
    let addresses: string[];
    try {
      addresses = literal ? [host] : await this.network.resolve(host);
    } catch {
      throw new OutboundError("unreachable", "has a name that cannot be resolved");
    }
    // Every one: which of them is connected to is up to whoever controls the name.
    if (!allowPrivate && !addresses.every(isPublicAddress)) {
      throw new OutboundError("private_address", "has a private address");
    }
    return proxy !== undefined && !isLoopbackHost(host)
      ? [{ proxy }]
      : addresses.slice(0, MAX_ATTEMPTS).map((address) => ({ address }));
  }
}

function checkedUrl(address: string | URL, allowPrivate: boolean): URL {
  if (!URL.canParse(address)) throw new OutboundError("forbidden", "is not a valid URL");
  const url = new URL(address);
  const loopback = url.protocol === "http:" && allowPrivate && isLoopbackHost(url.hostname);
  if (url.protocol === "https:" || loopback) return url;
  throw new OutboundError("forbidden", "is not https");
}

/** No connection came about, so the request was not sent. */
class NotConnected extends Error {
  override readonly name = "NotConnected";
}

/** One request and its response over a connection of its own. `caCerts` are trusted as well. */
export async function exchange(
  url: URL,
  request: OutboundRequest,
  route: Route,
  { signal, connectTimeout }: SendLimits,
  caCerts?: string[],
): Promise<OutboundResponse> {
  const connecting = AbortSignal.any([signal, AbortSignal.timeout(connectTimeout)]);
  const conn = await openConnection(url, route, connecting, caCerts).catch((error) => {
    throw new NotConnected(error.message);
  });
  const abort = () => close(conn);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    await writeAll(conn, encodeRequest(url, request));
    const reader = new StreamReader(conn);
    const head = await readHead(reader, MAX_HEAD);
    return { ...head, body: await readBody(reader, head, request.maxBytes) };
  } finally {
    signal.removeEventListener("abort", abort);
    close(conn);
  }
}

function encodeRequest(url: URL, { method = "GET", accept, headers, body }: OutboundRequest) {
  const content = new TextEncoder().encode(body ?? "");
  const authorization = basicAuthorization(url);
  // Headers checks that no value breaks out of its line.
  const fields = new Headers({
    ...authorization !== undefined && { authorization },
    "user-agent": `${brand.productName}/${version}`,
    ...headers,
    accept,
    host: url.host,
    connection: "close",
    ...body !== undefined && { "content-length": String(content.length) },
  });
  const lines = [...fields].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = new TextEncoder().encode(
    `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`,
  );
  const message = new Uint8Array(head.length + content.length);
  message.set(head);
  message.set(content, head.length);
  return message;
}

/** What comes of `work`, unless the signal comes first; looking up a name cannot be stopped. */
async function withinDeadline<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error("the deadline has passed"));
    signal.addEventListener("abort", stop);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop!);
  }
}
