import { isIP } from "node:net";

/** What the listener knows about a connection that its requests are checked against. */
export interface HostRules {
  /**
   * Whether requests must have a Host header. Over TLS a request may be HTTP/2, which has
   * `:authority` instead, and Deno reports that only in the URL.
   */
  hostRequired?: boolean;
}

/**
 * Why the host or the target of a request is malformed (RFC 9112 section 3.2), or undefined.
 *
 * Deno joins scheme, Host and target to `request.url` without validating them, so that a Host of
 * `a/healthz?x=` would become the path. All code that reads a path or an origin relies on this
 * check: the URL is http(s), its authority is `host[:port]`, and the path follows the authority.
 * An absolute-form target is handled as in RFC 9112 section 3.2.2: its authority replaces Host,
 * which must be valid as well.
 */
export function hostProblem(
  { url, headers }: Pick<Request, "url" | "headers">,
  { hostRequired = false }: HostRules,
): string | undefined {
  const host = headers.get("host");
  if (host === lastValid.host && url === lastValid.url) return undefined;
  if (host === null) {
    if (hostRequired) return "The request has no Host header. Send exactly one.";
    // Multiple Host headers arrive joined by commas, which are not valid in a host.
  } else if (!isHostAndPort(host)) {
    return "The Host header is not a valid host[:port]. Send exactly one.";
  }
  const authority = host !== null && isOfHost(url, host) ? host : requestAuthority(url);
  if (authority === undefined || (authority !== host && !isHostAndPort(authority))) {
    return "The request target is not a path or an http(s) URL with a valid host[:port].";
  }
  // Deno passes `http://host?query` on unchanged, and fragments, which are not valid in a target.
  if (url.charAt(url.indexOf("//") + 2 + authority.length) !== "/" || url.includes("#")) {
    return "The request target is not a path or an http(s) URL with a path.";
  }
  // No query, which may have secrets.
  if (host !== null && !url.includes("?")) lastValid = { host, url, path: requestPath(url) };
}

/** The last target that was found valid: APIs send the same one again and again. */
let lastValid = { host: "", url: "", path: "" };

/** The `host[:port]` of an absolute http(s) URL as it was sent, or undefined. */
export function requestAuthority(url: string): string | undefined {
  return /^https?:\/\/([^/?#]+)/.exec(url)?.[1];
}

/** The path of an absolute URL as it was sent, with dot segments if it has any. */
export function requestPath(url: string): string {
  if (url === lastValid.url) return lastValid.path;
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}

/**
 * Whether a path has no percent-encoding and no dot segments (RFC 3986 section 6.2.2), which a
 * router resolves and a proxy's rule for `/admin` may not.
 */
export function isUnambiguousPath(path: string): boolean {
  return /^\/[\w./~:-]*$/.test(path) && !/\/\.\.?(\/|$)/.test(path);
}

/** Whether `url` has this host and a path. */
function isOfHost(url: string, host: string): boolean {
  const start = url.startsWith("http://") ? 7 : url.startsWith("https://") ? 8 : undefined;
  return start !== undefined && url.startsWith(host, start) && url[start + host.length] === "/";
}

/** The last valid host: nearly all requests have the same, and comparing is faster than a pattern. */
let lastValidHost = "";

function isHostAndPort(text: string): boolean {
  if (text !== "" && text === lastValidHost) return true;
  const isValid = matchesHostAndPort(text);
  if (isValid) lastValidHost = text;
  return isValid;
}

/** RFC 9110 section 7.2, with the characters of host names only. */
function matchesHostAndPort(text: string): boolean {
  const [, name, address, port = ""] = /^(?:([\w.-]+)|\[([\da-f:.]+)\])(?::(\d{0,5}))?$/i
    .exec(text) ?? [];
  if (name === undefined && (address === undefined || isIP(address) !== 6)) return false;
  return Number(port) <= 65_535;
}
