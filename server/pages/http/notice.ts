import { sanitizeLine } from "../../../shared/sanitize.ts";
import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { getCookie, setCookie } from "hono/cookie";
import type { AppParts } from "../../app_parts.ts";
import { cookieName } from "./session_cookie.ts";
import type { PageContext } from "../render.tsx";

/** What an action did, for the page that comes next. */
export interface Notice {
  /** In sentences. */
  text: string;
  /** The form that undoes it. */
  undo?: { label: string; action: string; fields: Record<string, string> };
}

/** Seconds in which the next page must come. */
const LIFETIME = 60;

/** Longest text, in characters: a cookie has 4 KB. */
const MAX_TEXT = 500;

/**
 * Has the next page of this browser show `notice`, once. It travels in a cookie that only
 * we can write: in the address, anybody could make a link to a notice of something that
 * never happened.
 */
export function setNotice(deps: AppParts, c: PageContext, { text, undo }: Notice): void {
  const notice: Notice = { text: sanitizeLine(text, MAX_TEXT), undo };
  const payload = Buffer.from(JSON.stringify(notice)).toString("base64url");
  writeCookie(deps, c, `${payload}.${signature(deps, c, payload)}`, LIFETIME);
}

/** The notice for this page, which no other page shows then. */
export function takeNotice(deps: AppParts, c: PageContext): Notice | undefined {
  const { name, prefix } = cookieName(deps.issuer, "notice");
  const cookie = getCookie(c, name, prefix);
  if (!cookie) return undefined;
  writeCookie(deps, c, "", 0);
  const [payload, signed = ""] = cookie.split(".");
  const [expected, given] = [signature(deps, c, payload), signed].map((text) => Buffer.from(text));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

function writeCookie({ issuer }: AppParts, c: PageContext, value: string, maxAge: number): void {
  const { name, prefix } = cookieName(issuer, "notice");
  setCookie(c, name, value, {
    prefix,
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: prefix !== undefined,
    maxAge,
  });
}

function signature({ secrets }: AppParts, c: PageContext, payload: string): string {
  return createHmac("sha256", secrets.formKey)
    .update(`notice ${c.get("browserToken")} ${payload}`)
    .digest("base64url");
}
