/** A reverse proxy between the command and its server, which breaks what passes. */
import { close, writeAll } from "../outbound/connection.ts";
import { PATHS } from "../oauth/metadata.ts";
import { IssuedSecrets } from "./issued_secrets.ts";
import {
  decode,
  type LoopbackRequest,
  type LoopbackResponse,
  readRequest,
  responseHead,
  sendToLoopback,
} from "./loopback_http.ts";

const BAD_GATEWAY: LoopbackResponse = {
  status: 502,
  headers: new Headers({ "content-type": "text/html" }),
  body: new TextEncoder().encode("<h1>Bad Gateway</h1>"),
};

/** What happens to one request. Without any, it passes unchanged. */
export interface Fault {
  /** Waits before the server gets the request, in ms. */
  delayRequest?: number;
  /** Sends the response in pieces over this time, in ms. */
  delayResponse?: number;
  /** Closes the connection after this part of the response; 0: without any of it. */
  cutAt?: number;
  /** Answers in place of the server, which never gets the request. */
  answer?: LoopbackResponse;
}

export interface ProxiedRequest {
  /** Counted from 0. */
  index: number;
  /** A refresh (RFC 6749 section 6). */
  isRefresh: boolean;
  /** The number of the refresh, counted from 0. */
  refresh: number;
}

export interface FaultProxy extends Disposable {
  origin: string;
  /** The server's port on 127.0.0.1; undefined while it does not listen. */
  upstreamPort?: number;
  /** Decides about each request. */
  decide?: (request: ProxiedRequest) => Fault | undefined;
  /** Called when the server has answered a refresh, before the command gets the answer. */
  onRefreshed?: () => void;
  /** Called with the answer to a request for device authorization, before the command gets it. */
  onDeviceAuthorization?: (verificationUri: string) => Promise<void>;
  readonly secrets: IssuedSecrets;
  /** Refreshes that the server granted. */
  refreshes: number;
  /** All refreshes that were requested. */
  requestedRefreshes: number;
  requests: number;
  /** Requests that were broken. */
  faults: number;
  /** When the last access token was issued, as `performance.now()`. */
  lastIssuedAt: number;
  /** Why the server rejected the last refresh token as invalid_grant. */
  rejection?: string;
}

/** Listens on a free port of 127.0.0.1. */
export function startFaultProxy(): FaultProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.Conn>();
  let closed = false;
  const proxy: FaultProxy = {
    origin: `http://127.0.0.1:${listener.addr.port}`,
    secrets: new IssuedSecrets(),
    refreshes: 0,
    requestedRefreshes: 0,
    requests: 0,
    faults: 0,
    lastIssuedAt: 0,
    [Symbol.dispose]() {
      if (closed) return;
      closed = true;
      listener.close();
      for (const conn of connections) close(conn);
    },
  };
  const accept = async () => {
    for await (const conn of listener) {
      connections.add(conn);
      const finish = () => {
        connections.delete(conn);
        close(conn);
      };
      // Whatever fails closes the connection, as it does between other machines.
      handle(proxy, conn).then(finish, finish);
    }
  };
  accept().catch(() => {});
  return proxy;
}

/** One request: each has a connection of its own. */
async function handle(proxy: FaultProxy, conn: Deno.Conn): Promise<void> {
  const request = await readRequest(conn);
  if (request === undefined) return;
  const path = request.path.split("?")[0];
  const form = path === PATHS.token ? new URLSearchParams(decode(request.body)) : undefined;
  const isRefresh = form?.get("grant_type") === "refresh_token";
  const refresh = isRefresh ? proxy.requestedRefreshes++ : proxy.requestedRefreshes;
  const fault = proxy.decide?.({ index: proxy.requests++, isRefresh, refresh });
  if (fault !== undefined) proxy.faults++;
  if (fault?.answer !== undefined) return await send(conn, request, fault.answer);
  if (fault?.delayRequest !== undefined) await pause(fault.delayRequest);
  if (proxy.upstreamPort === undefined) {
    // As a reverse proxy does without its server, or as a host without a listener.
    return proxy.requests % 2 === 0 ? undefined : await send(conn, request, BAD_GATEWAY);
  }
  // Without the encodings that the command accepts: the proxy reads the answers.
  request.headers.delete("accept-encoding");
  const answer = await sendToLoopback({ port: proxy.upstreamPort }, request);
  if (form !== undefined) recordTokens(proxy, isRefresh, answer);
  if (path === PATHS.deviceAuthorization && proxy.onDeviceAuthorization !== undefined) {
    const { verification_uri_complete: uri } = jsonObject(answer.body);
    if (typeof uri === "string") await proxy.onDeviceAuthorization(uri);
  }
  if (isRefresh && answer.status === 200) proxy.onRefreshed?.();
  await send(conn, request, answer, fault);
}

function recordTokens(
  proxy: FaultProxy,
  isRefresh: boolean,
  { status, body }: LoopbackResponse,
): void {
  const { access_token, refresh_token, error, error_description } = jsonObject(body);
  if (typeof access_token === "string") {
    proxy.secrets.addAccessToken(access_token);
    proxy.lastIssuedAt = performance.now();
  }
  if (typeof refresh_token === "string") proxy.secrets.addRefreshToken(refresh_token);
  if (isRefresh && status === 200) proxy.refreshes++;
  if (isRefresh && error === "invalid_grant") proxy.rejection ??= String(error_description);
}

async function send(
  conn: Deno.Conn,
  { method }: LoopbackRequest,
  answer: LoopbackResponse,
  { cutAt = 1, delayResponse }: Fault = {},
): Promise<void> {
  if (cutAt === 0) return;
  const body = method === "HEAD" ? new Uint8Array() : answer.body;
  await writeAll(conn, responseHead(answer, answer.body.length));
  const end = Math.floor(body.length * cutAt);
  const pieces = delayResponse === undefined ? 1 : 4;
  for (let piece = 0; piece < pieces; piece++) {
    if (delayResponse !== undefined) await pause(delayResponse / pieces);
    await writeAll(conn, body.subarray(end * piece / pieces, end * (piece + 1) / pieces));
  }
}

function jsonObject(body: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(decode(body)));
  } catch {
    return {};
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
