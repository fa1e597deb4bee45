import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import { basicAuthorization, close, openConnection, type Route, writeAll } from "./connection.ts";
import { readBody, readHead, StreamReader } from "./http_message.ts";
import type { OutboundRequest, OutboundResponse, SendLimits } from "./network.ts";

/** Largest head of a response that is read. */
const MAX_HEAD_BYTES = 32 * 1024;

/** The connection failed, so the request was not sent. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
}

/** Sends one request over a new connection. `caCerts` are trusted besides those of the system. */
export async function sendRequest(
  url: URL,
  request: OutboundRequest,
  route: Route,
  { signal, connectTimeoutMs }: SendLimits,
  caCerts?: string[],
): Promise<OutboundResponse> {
  const connecting = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
  const conn = await openConnection(url, route, connecting, caCerts).catch((error) => {
    throw new NotConnectedError(error.message);
  });
  const abort = () => close(conn);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    await writeAll(conn, encodeRequest(url, request));
    const reader = new StreamReader(conn);
    const head = await readHead(reader, MAX_HEAD_BYTES);
    return { ...head, body: await readBody(reader, head, request.maxBytes) };
  } finally {
    signal.removeEventListener("abort", abort);
    close(conn);
  }
}

function encodeRequest(url: URL, { method = "GET", accept, headers, body }: OutboundRequest) {
  const content = new TextEncoder().encode(body ?? "");
  const authorization = basicAuthorization(url);
  // Headers rejects values with line breaks.
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
