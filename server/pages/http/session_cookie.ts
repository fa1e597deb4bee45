import { randomBytes } from "node:crypto";
import { getCookie, setCookie } from "hono/cookie";
import { brand } from "../../../shared/brand.ts";
import type { AppParts } from "../../app_parts.ts";
import type { PageContext } from "../render.tsx";

/** What a cookie of ours is called at this server. */
export function cookieName(
  issuer: string,
  kind: "browser" | "notice",
): { name: string; prefix?: "host" } {
  const url = new URL(issuer);
  const name = `${brand.folderName}-${kind}`;
  // __Host- (RFC 6265bis section 4.1.3.2): over https alone, and from this very host.
  if (url.protocol === "https:") return { name, prefix: "host" };
  // Cookies do not tell ports apart; two servers on one machine must.
  return { name: `${name}-${url.port}` };
}

/**
 * One cookie per browser: a random token. Forms are bound to it from the first
 * page on; once somebody has signed in, the sessions table knows its hash. It is
 * replaced at each sign-in and sign-out, so that nobody can plant one beforehand.
 */
export function readSessionCookie({ issuer }: AppParts, c: PageContext): string | undefined {
  const { name, prefix } = cookieName(issuer, "browser");
  const token = getCookie(c, name, prefix);
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined;
}

/** Gives the browser a fresh token and returns it. It goes when the browser is closed. */
export function rotateSessionCookie({ issuer }: AppParts, c: PageContext): string {
  const token = randomBytes(32).toString("base64url");
  const { name, prefix } = cookieName(issuer, "browser");
  setCookie(c, name, token, {
    prefix,
    path: "/",
    httpOnly: true,
    // Lax: the link that a terminal opens must find the session.
    sameSite: "Lax",
    secure: prefix !== undefined,
  });
  c.set("browserToken", token);
  return token;
}
