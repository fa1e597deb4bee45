import type { AppParts } from "../../app_parts.ts";
import {
  createSession,
  findSession,
  findUnexpiredSession,
  type Session,
  signOutSession,
} from "../../store/sessions.ts";
import type { User } from "../../store/users.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import { rotateSessionCookie } from "./session_cookie.ts";
import type { PageContext } from "../render.tsx";

/** The session of a browser's cookie, if somebody is signed in there. */
export async function currentSession(
  { sql, clock, config }: AppParts,
  browserToken: string | undefined,
): Promise<Session | undefined> {
  if (browserToken === undefined) return undefined;
  return await findSession(sql, {
    tokenHash: tokenHash(browserToken),
    idleSeconds: config.session.idleSeconds,
    now: new Date(clock.now()),
  });
}

/**
 * Names the browser if this person signed in there and has not signed out: others who fail
 * at the account elsewhere do not lock it there. An idle session counts, since it is the
 * reason to sign in again; one that was ended does not.
 */
export async function findKnownBrowser(
  { sql, clock }: AppParts,
  c: PageContext,
  userId: string,
): Promise<string | undefined> {
  const browserToken = c.get("browserToken");
  if (browserToken === undefined) return undefined;
  return await findUnexpiredSession(sql, {
    tokenHash: tokenHash(browserToken),
    userId,
    now: new Date(clock.now()),
  });
}

/**
 * Signs a person in with a new session and a new cookie; the session before it
 * ends. False if the person has just been disabled.
 */
export async function startSession(deps: AppParts, c: PageContext, user: User): Promise<boolean> {
  const { sql, clock, config } = deps;
  const now = clock.now();
  const before = c.get("session");
  if (before !== undefined) await signOutSession(sql, { id: before.id, now: new Date(now) });
  const { address, userAgent } = c.get("requester");
  const id = await createSession(sql, {
    tokenHash: tokenHash(rotateSessionCookie(deps, c)),
    userId: user.id,
    now: new Date(now),
    expiresAt: new Date(now + config.session.absoluteSeconds * 1000),
    address,
    userAgent,
  });
  return id !== undefined;
}

/** The session of a page that only those who are signed in can reach. */
export function signedInSession(c: PageContext): Session {
  const session = c.get("session");
  if (session === undefined) throw new Error("this page is for those who are signed in");
  return session;
}

/** Whether the operator wants a newer sign-in than this session's before a sensitive action. */
export function needsFreshSignIn({ clock, config }: AppParts, session: Session): boolean {
  const seconds = config.deviceFlow.freshSignInSeconds;
  return seconds !== undefined && clock.now() - session.authenticatedAt.getTime() > seconds * 1000;
}

/** The sign-in page, which leads to `next` (a path on this server) afterwards. */
export function signInPath(next: string, options?: { again: true }): string {
  const query = new URLSearchParams({ next });
  if (options?.again) query.set("again", "1");
  return `/signin?${query}`;
}

/** To the sign-in page, and back to `next` (a path on this server) afterwards. */
export function redirectToSignIn(c: PageContext, next: string, options?: { again: true }) {
  return c.redirect(signInPath(next, options), 303);
}
