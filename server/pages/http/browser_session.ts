import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Sql } from "../../store/db/connect.ts";
import {
  createSession,
  findSession,
  findUnexpiredSession,
  type Session,
  type SessionOrigin,
  signOutSession,
} from "../../store/sessions.ts";
import type { Acr } from "../../../shared/oauth/acr.ts";
import { acrOf, type Authentication } from "../../sign_in/authentication.ts";
import { type FirstFactor, passwordFactor } from "../../sign_in/first_factor.ts";
import type { User } from "../../store/users.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import { rotateSessionCookie } from "./session_cookie.ts";
import type { PageContext } from "../context.ts";

export interface SessionDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "session">;
}

/** The session of the browser with this cookie; undefined if no user is signed in. */
export async function currentSession(
  { sql, clock, config }: Omit<SessionDeps, "issuer">,
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
 * Identifies the browser if this user signed in there and has not signed out: failed sign-ins
 * elsewhere do not lock the account there. An idle session counts, because it is why the user
 * signs in again.
 */
export async function findKnownBrowser(
  { sql, clock }: Pick<SessionDeps, "sql" | "clock">,
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
 * Signs a user in with a new session and cookie, and signs the previous session out. Returns false
 * if the user has just been disabled, or what they signed in with was just changed or removed. Only
 * for a sign-in that is complete: see account/complete_sign_in.ts.
 */
export async function startSession(
  deps: SessionDeps,
  c: PageContext,
  user: User,
  signIn: {
    first: FirstFactor;
    authentication: Authentication;
    origin?: SessionOrigin;
    authenticatedAt?: Date;
  },
): Promise<boolean> {
  const { sql, clock, config } = deps;
  const now = clock.now();
  const before = c.get("session");
  if (before !== undefined) await signOutSession(sql, { id: before.id, now: new Date(now) });
  const { address, userAgent } = c.get("requester");
  const id = await createSession(sql, {
    tokenHash: tokenHash(rotateSessionCookie(deps, c)),
    userId: user.id,
    ...signIn,
    now: new Date(now),
    expiresAt: new Date(now + config.session.absoluteSeconds * 1000),
    address,
    userAgent,
  });
  return id !== undefined;
}

/**
 * Replaces the session of a user who has entered the current password and chosen a new one. What
 * was proven with more than a password was proven when they signed in.
 */
export async function renewSession(
  deps: SessionDeps,
  c: PageContext,
  user: User,
): Promise<boolean> {
  const { authentication, authenticatedAt, origin } = signedInSession(c);
  const first = passwordFactor(user);
  return await startSession(
    deps,
    c,
    user,
    authentication === undefined || acrOf(authentication) === "1fa"
      ? { first, authentication: first, origin }
      : { first, authentication, authenticatedAt, origin },
  );
}

/** The session on pages that require one. */
export function signedInSession(c: PageContext): Session {
  const session = c.get("session");
  if (session === undefined) throw new Error("no session on a page that requires one");
  return session;
}

/** Whether this session's sign-in is older than `device_fresh_sign_in`. */
export function needsFreshSignIn(
  { clock, config }: { clock: Clock; config: Pick<ServerConfig, "deviceFlow"> },
  session: Session,
): boolean {
  const seconds = config.deviceFlow.freshSignInSeconds;
  return seconds !== undefined && clock.now() - session.authenticatedAt.getTime() > seconds * 1000;
}

export interface SignInOptions {
  /** Whether a user who is signed in does so again. */
  again?: boolean;
  /** Whether a user who is signed in may choose another account. */
  other?: boolean;
  /** What the sign-in must be at least. */
  acr?: Acr;
  /** To fill in. */
  email?: string;
}

export const ACR_PARAMETER = "acr";

/** The path of the sign-in page, which redirects to `next` afterwards. */
export function signInPath(next: string, options: SignInOptions = {}): string {
  const query = new URLSearchParams({ next });
  if (options.again) query.set("again", "1");
  if (options.other) query.set("other", "1");
  if (options.acr !== undefined) query.set(ACR_PARAMETER, options.acr);
  if (options.email !== undefined) query.set("email", options.email);
  return `/signin?${query}`;
}

export function redirectToSignIn(c: PageContext, next: string, options?: SignInOptions) {
  return c.redirect(signInPath(next, options), 303);
}
