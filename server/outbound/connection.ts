import { Buffer } from "node:buffer";
import { readHead, StreamReader } from "./http_message.ts";
import { hostOf } from "./proxy.ts";

/** Where to connect to: an IP address, or a proxy, which resolves the name itself. */
export type Route = { address: string } | { proxy: URL };

/** Longest response of a proxy to CONNECT. */
const MAX_PROXY_RESPONSE_BYTES = 8 * 1024;

/**
 * Opens a connection for a request to `url`. The server's certificate must be for the name in
 * `url`, which is not resolved. `caCerts` are trusted besides those of the system. Throws the errors
 * of Deno.
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
    // A name may end with the dot of the root; certificates omit it (RFC 6125 appendix B.2).
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

/** Requests a tunnel from a proxy (RFC 9110 section 9.3.6); TLS is end to end within it. */
async function openTunnel(
  url: URL,
  port: number,
  proxy: URL,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (proxy.protocol !== "http:") {
    throw new TypeError(`${proxy.protocol}// proxies are not supported, only http:// proxies`);
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
    const { status } = await readHead(new StreamReader(conn), MAX_PROXY_RESPONSE_BYTES);
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
