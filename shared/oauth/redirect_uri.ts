/**
 * Redirect URIs of native and web applications (RFC 8252 section 7, RFC 9700 section 2.1): what can
 * be registered, and what a request may name. Requested URIs are compared as text, since anything
 * cleverer can be tricked into sending a code elsewhere.
 */

/** Stands for every redirect to a program on the user's machine, on whatever port and path. */
export const LOOPBACK_REDIRECT = "loopback";

export const MAX_REDIRECT_URI_LENGTH = 500;

/** A loopback IP address, the port, and the rest without a query or a fragment. */
const LOOPBACK_URI =
  /^http:\/\/(127\.0\.0\.1|\[::1\])(:[1-9]\d{0,4})?(\/[\w.~!$&'()*+,;=:@%/-]*)?$/;

/** RFC 3986 section 3.1. */
const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/** Why a client cannot register a redirect URI, as a sentence; undefined if it can. */
export function redirectUriProblem(uri: string): string | undefined {
  if (uri === LOOPBACK_REDIRECT) return undefined;
  const url = URL.parse(uri);
  if (url === null || uri.length > MAX_REDIRECT_URI_LENGTH || /[^\x21-\x7e]/.test(uri)) {
    return `The redirect URI is not an absolute URI of at most ${MAX_REDIRECT_URI_LENGTH} characters.`;
  }
  // RFC 6749 section 3.1.2.
  if (uri.includes("#")) {
    return "A redirect URI cannot have a fragment. Remove the part from the #.";
  }
  const scheme = uri.slice(0, uri.indexOf(":"));
  if (scheme === "https" || scheme === "http") {
    if (url.username !== "" || url.password !== "") {
      return "A redirect URI cannot contain a user name or a password.";
    }
    if (scheme === "https") return undefined;
    if (withoutPort(uri) !== undefined || url.hostname === "localhost") return undefined;
    return "A redirect URI with http is only for this machine, such as http://127.0.0.1/callback. " +
      "Use https.";
  }
  // RFC 8252 sections 7.1 and 8.4: the reversed domain name of the application's vendor.
  if (SCHEME.test(scheme) && scheme.includes(".")) return undefined;
  return "The scheme of a redirect URI is https, or a domain name that you own in reverse order, " +
    "such as com.example.app:/callback.";
}

/** The registered URI that a requested one matches; undefined: do not redirect there. */
export function findRedirectUri(
  registered: readonly string[],
  requested: string,
): string | undefined {
  if (requested.length > MAX_REDIRECT_URI_LENGTH) return undefined;
  const requestedLoopback = withoutPort(requested);
  return registered.find((uri) => {
    if (uri === LOOPBACK_REDIRECT) return requestedLoopback !== undefined;
    if (uri === requested) return true;
    // RFC 8252 section 7.3: the port of a loopback address is chosen when the program runs.
    return requestedLoopback !== undefined && requestedLoopback === withoutPort(uri);
  });
}

/** A loopback URI without its port; undefined for any other URI. */
function withoutPort(uri: string): string | undefined {
  const match = LOOPBACK_URI.exec(uri);
  if (match === null || !URL.canParse(uri)) return undefined;
  return `${match[1]}${match[3] ?? "/"}`;
}

/** Where a redirect leads: a program on the user's machine, a site or an app. */
export type RedirectTarget =
  | { kind: "loopback" }
  | { kind: "site"; host: string }
  | { kind: "app"; scheme: string };

export function redirectTarget(uri: string): RedirectTarget {
  const { protocol, hostname, host } = new URL(uri);
  if (protocol !== "https:" && protocol !== "http:") {
    return { kind: "app", scheme: protocol.slice(0, -1) };
  }
  const isLocal = withoutPort(uri) !== undefined || hostname === "localhost";
  return protocol === "http:" && isLocal ? { kind: "loopback" } : { kind: "site", host };
}

/** `uri` with further query parameters (RFC 6749 section 4.1.2), which its own query precedes. */
export function withParameters(uri: string, parameters: Record<string, string>): string {
  const query = new URLSearchParams(parameters).toString();
  return `${uri}${uri.includes("?") ? /[?&]$/.test(uri) ? "" : "&" : "?"}${query}`;
}
