/**
 * HTTP on this machine only, without the proxies of the environment, and with connections that can
 * be closed at any byte.
 */
import { close, writeAll } from "../outbound/connection.ts";
import { readBody, readHead, StreamReader } from "../outbound/http_message.ts";

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface LoopbackRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: Headers;
  body: Uint8Array;
}

export interface LoopbackResponse {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** Sends a request on a connection of its own, and reads the whole response. */
export async function sendToLoopback(
  { hostname = "127.0.0.1", port }: { hostname?: string; port: number },
  { method, path, headers, body }: LoopbackRequest,
): Promise<LoopbackResponse> {
  const conn = await Deno.connect({ hostname, port });
  try {
    const sent = new Headers(headers);
    sent.set("connection", "close");
    sent.delete("transfer-encoding");
    if (body.length > 0 || method === "POST") sent.set("content-length", String(body.length));
    await writeAll(conn, encode(`${method} ${path} HTTP/1.1`, sent));
    await writeAll(conn, body);
    const reader = new StreamReader(conn);
    const head = await readHead(reader, MAX_HEAD_BYTES);
    if (method === "HEAD") return { ...head, body: new Uint8Array() };
    return { ...head, body: await readBody(reader, head, MAX_BODY_BYTES) };
  } finally {
    close(conn);
  }
}

/** Reads the request of a connection; undefined if it sends none. */
export async function readRequest(conn: Deno.Conn): Promise<LoopbackRequest | undefined> {
  const reader = new StreamReader(conn);
  const [method, path, version] = (await reader.readLine(MAX_HEAD_BYTES)).split(" ");
  if (version !== "HTTP/1.1") return undefined;
  const headers = new Headers();
  for (let line = await reader.readLine(MAX_HEAD_BYTES); line !== "";) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    line = await reader.readLine(MAX_HEAD_BYTES);
  }
  if (headers.get("expect") === "100-continue") {
    await writeAll(conn, encode("HTTP/1.1 100 Continue", new Headers()));
  }
  const hasBody = headers.has("content-length") || headers.has("transfer-encoding");
  const body = hasBody
    ? await readBody(reader, { status: 200, headers }, MAX_BODY_BYTES)
    : new Uint8Array();
  return { method, path, headers, body };
}

/** The head of a response, whose body has `length` bytes. */
export function responseHead({ status, headers }: LoopbackResponse, length: number): Uint8Array {
  const sent = new Headers(headers);
  sent.set("connection", "close");
  sent.delete("keep-alive");
  sent.delete("transfer-encoding");
  sent.set("content-length", String(length));
  return encode(`HTTP/1.1 ${status} `, sent);
}

function encode(firstLine: string, headers: Headers): Uint8Array {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  return new TextEncoder().encode([firstLine, ...lines, "", ""].join("\r\n"));
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
