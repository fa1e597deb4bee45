import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import type { FormParameters } from "../../http/form.ts";
import { requestAuthority } from "../../http/request_target.ts";
import type { PageContext } from "../context.ts";
import type { RenderDeps } from "../render.tsx";
import { rotateSessionCookie } from "./session_cookie.ts";

/** Name of the hidden field. */
export const CSRF_FIELD = "csrf_token";

/** The CSRF token for the forms of a page; sets the browser's cookie if it has none. */
export function csrfToken(deps: RenderDeps, c: PageContext): string {
  const browserToken = c.get("browserToken") ?? rotateSessionCookie(deps, c);
  // A page has several forms.
  let known = c.get("csrfToken");
  if (known?.browserToken !== browserToken) {
    known = { browserToken, token: tokenFor(deps, browserToken) };
    c.set("csrfToken", known);
  }
  return known.token;
}

/**
 * Whether a POST comes from one of our own forms in the same browser: its CSRF token matches the
 * cookie, and the browser does not report a cross-site origin.
 */
export function verifyCsrf(deps: RenderDeps, c: PageContext, form: FormParameters): boolean {
  if (!isSameOrigin(deps, c.req.raw)) return false;
  const browserToken = c.get("browserToken");
  if (browserToken === undefined) return false;
  const expected = Buffer.from(tokenFor(deps, browserToken));
  const presented = Buffer.from(form(CSRF_FIELD) ?? "");
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

function tokenFor({ secrets }: RenderDeps, browserToken: string): string {
  return createHmac("sha256", secrets.formKey).update(`form ${browserToken}`).digest("base64url");
}

/** Checks Fetch Metadata and Origin if the browser sends them: no page can forge them. */
function isSameOrigin({ issuer }: RenderDeps, { url, headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = headers.get("origin");
  if (origin === null || origin === issuer) return true;
  // The same server under another name, such as localhost for 127.0.0.1. HTTP/2 has no Host.
  const host = headers.get("host") ?? requestAuthority(url);
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
