import { randomBytes } from "node:crypto";
import { getCookie } from "hono/cookie";
import type { Clock } from "../../../shared/clock.ts";
import type { FirstFactor } from "../../sign_in/first_factor.ts";
import type { Sql } from "../../store/db/connect.ts";
import {
  findPendingSignIn,
  insertPendingSignIn,
  type PendingSignIn,
  type PendingSignInKey,
} from "../../store/pending_sign_ins.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { PageContext } from "../context.ts";
import { cookieName, rotateSessionCookie, writeCookie } from "../http/session_cookie.ts";
import type { SignInDestination } from "./complete_sign_in.ts";

/** Time for the second step, which may be to set up an app. */
const LIFETIME_SECONDS = 15 * 60;

interface PendingDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
}

/** The pending sign-in of this browser. */
export interface BrowserSignIn extends PendingSignIn {
  key: PendingSignInKey;
  /** What an enrollment of it is stored under. */
  holder: string;
}

/**
 * Remembers that this browser's user has passed the first factor. Its cookie is new each time: a
 * cookie that someone else has put into the browser never identifies it (session fixation).
 */
export async function startPendingSignIn(
  deps: PendingDeps,
  c: PageContext,
  { userId, first, destination }: {
    userId: string;
    first: FirstFactor;
    destination: SignInDestination;
  },
): Promise<{ holder: string }> {
  const token = randomBytes(32).toString("base64url");
  const key = {
    tokenHash: tokenHash(token),
    browserHash: tokenHash(c.get("browserToken") ?? rotateSessionCookie(deps, c)),
  };
  const now = deps.clock.now();
  await insertPendingSignIn(deps.sql, {
    ...key,
    userId,
    first,
    ...destination,
    now: new Date(now),
    expiresAt: new Date(now + LIFETIME_SECONDS * 1000),
  });
  writeCookie(deps.issuer, c, { kind: "sign-in", value: token, maxAge: LIFETIME_SECONDS });
  return { holder: holderOf(key) };
}

/** Undefined if there is none, or it has expired, or it belongs to another browser. */
export async function currentSignIn(
  deps: PendingDeps,
  c: PageContext,
): Promise<BrowserSignIn | undefined> {
  const { name, prefix } = cookieName(deps.issuer, "sign-in");
  const token = getCookie(c, name, prefix);
  const browserToken = c.get("browserToken");
  if (token === undefined || browserToken === undefined || !/^[\w-]{43}$/.test(token)) {
    return undefined;
  }
  const key = { tokenHash: tokenHash(token), browserHash: tokenHash(browserToken) };
  const pending = await findPendingSignIn(deps.sql, { ...key, now: new Date(deps.clock.now()) });
  return pending && { ...pending, key, holder: holderOf(key) };
}

export function clearPendingCookie(deps: PendingDeps, c: PageContext): void {
  writeCookie(deps.issuer, c, { kind: "sign-in", value: "", maxAge: 0 });
}

function holderOf({ tokenHash }: PendingSignInKey): string {
  return `sign-in ${Array.from(tokenHash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
