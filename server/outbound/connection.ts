import { Buffer } from "node:buffer";
import { readHead, StreamReader } from "./http_message.ts";
import { hostOf } from "./proxy.ts";

/** Where a connection leads: an IP address, or a proxy that connects to a host of its choice. */
export type Route = { address: string } | { proxy: URL };

/** Longest answer of a proxy to CONNECT, in bytes. */
const MAX_PROXY_ANSWER = 8 * 1024;

/**
 * Opens a connection for a request to `url`. The name in `url` is what the server's certificate must
 * be for; it is not looked up. `caCerts` are trusted besides those of the system. Throws what Deno
 * throws.
 */
export async function openConnection(
  url: URL,
  route: Route,
  signal: AbortSignal,
  caCerts?: string[],
): Promise<Deno.Conn> {
  const port = portOf(url);
  const conn = "proxy" in route
    ? await openTunnel(url, port, route.proxy, signal)
    : await Deno.connect({ hostname: route.address, port, signal });
  if (url.protocol !== "https:") return conn;
  const abort = () => close(conn);
  signal.addEventListener("abort", abort);
  try {
    // A name may end with the root's dot; certificates have it without (RFC 6125 appendix B.2).
    const hostname = hostOf(url).replace(/\.$/, "");
    const secured = await Deno.startTls(conn as Deno.TcpConn, { hostname, caCerts });
    await secured.handshake();
    return secured;
  } catch (error) {
    close(conn);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Closes a connection that may be closed already. */
export function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is.
  }
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

/** Asks a proxy for a tunnel (RFC 9110 section 9.3.6), in which TLS is between us and the server. */
async function openTunnel(
  url: URL,
  port: number,
  proxy: URL,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (proxy.protocol !== "http:") {
    throw new TypeError(`proxies of the kind ${proxy.protocol}// are not supported, only http://`);
  }
  const conn = await Deno.connect({ hostname: hostOf(proxy), port: portOf(proxy), signal });
  const abort = () => close(conn);
  signal.addEventListener("abort", abort);
  try {
    const target = `${url.hostname}:${port}`;
    const authorization = basicAuthorization(proxy);
    const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n` +
      (authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`) + "\r\n";
    await writeAll(conn, new TextEncoder().encode(head));
    const { status } = await readHead(new StreamReader(conn), MAX_PROXY_ANSWER);
    if (status !== 200) throw new TypeError(`the proxy answered with status ${status}`);
    return conn;
  } catch (error) {
    close(conn);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The credentials in a URL as HTTP Basic has them (RFC 7617); undefined if there are none. */
export function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
