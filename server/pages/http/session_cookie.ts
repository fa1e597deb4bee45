import { randomBytes } from "node:crypto";
import { getCookie, setCookie } from "hono/cookie";
import { brand } from "../../../shared/brand.ts";
import type { PageContext } from "../context.ts";

type CookieKind = "browser" | "notice" | "draft" | "sign-in";

interface CookieName {
  name: string;
  prefix?: "host";
}

/** Each page reads several cookies, and parsing the issuer takes longer. */
const names = new Map<string, CookieName>();

/** The name of a cookie, for this server. */
export function cookieName(issuer: string, kind: CookieKind): CookieName {
  const key = `${kind} ${issuer}`;
  let known = names.get(key);
  if (known === undefined) names.set(key, known = createName(issuer, kind));
  return known;
}

function createName(issuer: string, kind: CookieKind): CookieName {
  const url = new URL(issuer);
  const name = `${brand.folderName}-${kind}`;
  // __Host- (RFC 6265bis section 4.1.3.2): only over https, and only from this host.
  if (url.protocol === "https:") return { name, prefix: "host" };
  // Cookies do not depend on the port, and a machine may have two servers.
  return { name: `${name}-${url.port}` };
}

/** `maxAge` is in seconds, 0 to delete it; undefined: it expires when the browser is closed. */
export function writeCookie(
  issuer: string,
  c: PageContext,
  { kind, value, maxAge }: { kind: CookieKind; value: string; maxAge?: number },
): void {
  const { name, prefix } = cookieName(issuer, kind);
  setCookie(c, name, value, {
    prefix,
    path: "/",
    httpOnly: true,
    // Lax: a link that the terminal opens needs the session.
    sameSite: "Lax",
    secure: prefix !== undefined,
    maxAge,
  });
}

/**
 * One cookie per browser, a random token. Forms are bound to it; after a sign-in, the sessions
 * table has its hash. It is replaced at each sign-in and sign-out, which prevents session fixation.
 */
export function readSessionCookie(
  { issuer }: { issuer: string },
  c: PageContext,
): string | undefined {
  const { name, prefix } = cookieName(issuer, "browser");
  const token = getCookie(c, name, prefix);
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined;
}

/** Sets a new token and returns it. The cookie expires when the browser is closed. */
export function rotateSessionCookie({ issuer }: { issuer: string }, c: PageContext): string {
  const token = randomBytes(32).toString("base64url");
  writeCookie(issuer, c, { kind: "browser", value: token });
  c.set("browserToken", token);
  return token;
}
