import { isIP } from "node:net";

/** What the listener knows of a connection that decides how a request may name its host. */
export interface HostRules {
  /**
   * Whether a request must have a Host header. Over TLS it may be HTTP/2, which has
   * `:authority` in its place, and Deno reports that in the URL only.
   */
  hostRequired?: boolean;
}

/**
 * Why a request is malformed in how it names its host or its target, or undefined if it is
 * not (RFC 9112 section 3.2).
 *
 * Deno joins scheme, Host and target to `request.url` without looking at them, so that a
 * Host of `a/healthz?x=` would become the path. All code that reads a path or an origin
 * relies on what holds after this check: the URL is http(s), its authority is `host[:port]`,
 * and what follows the authority is the path. An absolute-form target is taken as RFC 9112
 * section 3.2.2 says: its authority replaces Host, which must still be valid.
 */
export function hostProblem(
  { url, headers }: Pick<Request, "url" | "headers">,
  { hostRequired = false }: HostRules,
): string | undefined {
  const host = headers.get("host");
  if (host === null) {
    if (hostRequired) return "The request has no Host header. Send exactly one.";
    // Several Host headers arrive joined by commas, which no host has.
  } else if (!isHostAndPort(host)) {
    return "The Host header is not a valid host[:port]. Send exactly one.";
  }
  const authority = requestAuthority(url);
  if (authority === undefined || (authority !== host && !isHostAndPort(authority))) {
    return "The request target is not a path or an http(s) URL with a valid host[:port].";
  }
  // Deno passes `http://host?query` on as it is, and a fragment too, which no target has.
  if (url.charAt(url.indexOf("//") + 2 + authority.length) !== "/" || url.includes("#")) {
    return "The request target is not a path or an http(s) URL with a path.";
  }
}

/** The `host[:port]` of an absolute http(s) URL as it was sent, or undefined. */
export function requestAuthority(url: string): string | undefined {
  return /^https?:\/\/([^/?#]+)/.exec(url)?.[1];
}

/** The path of an absolute URL as it was sent: dot segments, which a client may have put in, stay. */
export function requestPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}

/**
 * Whether a path can mean only itself: without percent-encoding and dot segments (RFC 3986
 * section 6.2.2), which a router resolves and a proxy's rule for `/admin` may not.
 */
export function isUnambiguousPath(path: string): boolean {
  return /^\/[\w./~-]*$/.test(path) && !/\/\.\.?(\/|$)/.test(path);
}

/** RFC 9110 section 7.2, without the characters of a registered name that no host name has. */
function isHostAndPort(text: string): boolean {
  const [, name, address, port = ""] = /^(?:([\w.-]+)|\[([\da-f:.]+)\])(?::(\d{0,5}))?$/i
    .exec(text) ?? [];
  if (name === undefined && (address === undefined || isIP(address) !== 6)) return false;
  return Number(port) <= 65_535;
}
