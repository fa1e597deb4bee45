import { isUuid } from "../../shared/uuid.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { listSessions, signOutSessionOfUser, signOutSessions } from "../store/sessions.ts";
import { findUserByReference, lockUser } from "../store/users.ts";
import { adminEvent } from "./admin_event.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { UserOperation } from "./operation.ts";

/** Sessions that a list has at most: those used last. */
const MAX_SESSIONS = 1000;

/** A browser in which a user is signed in. */
export interface UserSession {
  id: string;
  /** ISO 8601, as all times. */
  createdAt: string;
  lastSeenAt: string;
  address: string;
  userAgent: string;
}

/** The browsers in which a user is signed in, last used first. */
export const listUserSessions: UserOperation<
  { email: string },
  { email: string; sessions: UserSession[] } | DomainError
> = async ({ sql, clock, config }, { email }) => {
  const user = await findUserByReference(sql, email);
  if (user === undefined) return noSuchUser(email);
  const sessions = await listSessions(sql, {
    userId: user.id,
    idleSeconds: config.session.idleSeconds,
    now: new Date(clock.now()),
    limit: MAX_SESSIONS,
  });
  return {
    email: user.email,
    sessions: sessions.map(({ createdAt, lastSeenAt, ...session }) => ({
      ...session,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
    })),
  };
};

/** Signs out one browser of a user, or all. Logins and tokens stay as they are. */
export const signOutUser: UserOperation<
  { email: string; sessionId?: string },
  { email: string; browsers: number } | DomainError
> = async (deps, { email, sessionId }) => {
  const { sql, clock } = deps;
  return await sql.begin(async (tx) => {
    const user = await lockUser(tx, email);
    if (user === undefined) return noSuchUser(email);
    const now = new Date(clock.now());
    const userId = user.id;
    if (sessionId === undefined) {
      const browsers = await signOutSessions(tx, { userId, now });
      const event = { event: "sessions.all_ended", subject: userId, details: { browsers } };
      if (browsers > 0) await recordAuditEvent(tx, clock, adminEvent(deps, event));
      return { email: user.email, browsers };
    }
    const isSignedOut = isUuid(sessionId) &&
      await signOutSessionOfUser(tx, { id: sessionId, userId, now });
    if (!isSignedOut) {
      return new DomainError(
        "not_found",
        `${user.email} has no such browser session, or it is already signed out.`,
        { field: "session" },
      );
    }
    const event = { event: "session.ended", subject: sessionId, details: { user: userId } };
    await recordAuditEvent(tx, clock, adminEvent(deps, event));
    return { email: user.email, browsers: 1 };
  }) as { email: string; browsers: number } | DomainError;
};
