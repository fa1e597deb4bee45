import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import type { AppParts } from "../../app_parts.ts";
import type { FormParameters } from "../../http/form.ts";
import { requestAuthority } from "../../http/request_target.ts";
import { rotateSessionCookie } from "./session_cookie.ts";
import type { PageContext } from "../render.tsx";

/** Name of the hidden field. */
export const CSRF_FIELD = "csrf_token";

/** The token that the forms on a page carry; gives the browser its cookie if it has none. */
export function csrfToken(deps: AppParts, c: PageContext): string {
  return tokenFor(deps, c.get("browserToken") ?? rotateSessionCookie(deps, c));
}

/**
 * Whether a POST comes from one of our own forms in the same browser: its token
 * fits the cookie, and the browser names no other site as its origin.
 */
export function verifyCsrf(deps: AppParts, c: PageContext, form: FormParameters): boolean {
  if (!isSameOrigin(deps, c.req.raw)) return false;
  const browserToken = c.get("browserToken");
  if (browserToken === undefined) return false;
  const expected = Buffer.from(tokenFor(deps, browserToken));
  const given = Buffer.from(form(CSRF_FIELD) ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function tokenFor({ secrets }: AppParts, browserToken: string): string {
  return createHmac("sha256", secrets.formKey).update(`form ${browserToken}`).digest("base64url");
}

/** Fetch Metadata and Origin, where the browser sends them: both are out of a page's reach. */
function isSameOrigin({ issuer }: AppParts, { url, headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = headers.get("origin");
  if (origin === null || origin === issuer) return true;
  // The same server under another name, such as localhost for 127.0.0.1. HTTP/2 has no Host.
  const host = headers.get("host") ?? requestAuthority(url);
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
