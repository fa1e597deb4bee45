import { sanitizeLine } from "../../../shared/sanitize.ts";
import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { getCookie } from "hono/cookie";
import { cookieName, writeCookie } from "./session_cookie.ts";
import type { PageContext } from "../context.ts";
import type { RenderDeps } from "../render.tsx";

/** What an action did, for the page after it. */
export interface Notice {
  /** Identifies the notice in `data-notice`. */
  code: string;
  /** In sentences. */
  text: string;
  /** Whether it reports that something was not done. */
  problem?: true;
  /** The form that undoes it. */
  undo?: { label: string; action: string; fields: Record<string, string> };
}

const LIFETIME_SECONDS = 60;

/** In characters: a cookie has at most 4 KB. */
const MAX_TEXT = 500;

/**
 * Shows `notice` once, on the next page of this browser. It is in a signed cookie and not in the
 * URL, where a link could show a notice of something that never happened.
 */
export function setNotice(deps: RenderDeps, c: PageContext, notice: Notice): void {
  const sanitized: Notice = { ...notice, text: sanitizeLine(notice.text, MAX_TEXT) };
  const payload = Buffer.from(JSON.stringify(sanitized)).toString("base64url");
  const value = `${payload}.${signature(deps, c, payload)}`;
  writeCookie(deps.issuer, c, { kind: "notice", value, maxAge: LIFETIME_SECONDS });
}

/** Returns the notice for this page and removes it. */
export function takeNotice(deps: RenderDeps, c: PageContext): Notice | undefined {
  const { name, prefix } = cookieName(deps.issuer, "notice");
  const cookie = getCookie(c, name, prefix);
  if (!cookie) return undefined;
  writeCookie(deps.issuer, c, { kind: "notice", value: "", maxAge: 0 });
  const [payload, signed = ""] = cookie.split(".");
  const [expected, presented] = [signature(deps, c, payload), signed].map((text) =>
    Buffer.from(text)
  );
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) {
    return undefined;
  }
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

function signature({ secrets }: RenderDeps, c: PageContext, payload: string): string {
  return createHmac("sha256", secrets.formKey)
    .update(`notice ${c.get("browserToken")} ${payload}`)
    .digest("base64url");
}
