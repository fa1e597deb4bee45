import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { type RevokedAccess, revokeUserAccess } from "../logins/revoke_user_access.ts";
import type { Mail } from "../notifications/mail.ts";
import type { QueuedCaller } from "../security/fair_queue.ts";
import { hashPassword, verifyPassword } from "../security/password_hash.ts";
import { passwordProblem } from "../security/password_rules.ts";
import { checkPasswordLimit } from "../security/rate_limit.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { releaseAttempt } from "../store/failed_attempts.ts";
import { replacePassword, type User } from "../store/users.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { passwordChangedMail } from "./password_mail.ts";

interface ChangePasswordDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  mail: Pick<Mail, "send">;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** The user with the new password, and what was revoked. */
export interface ChangedPassword {
  user: User;
  logins: number;
  /** The session of the request is one of them. */
  browsers: number;
}

/**
 * Changes a user's own password after checking the current one, which counts for the rate limit of
 * sign-ins. Signs out all browsers; the caller signs this one in again.
 */
export async function changePassword(
  { sql, clock, issuer, mail, tokenValidator }: ChangePasswordDeps,
  { user, sessionId, currentPassword, newPassword, keepLogins, address, caller }: {
    user: User;
    sessionId: string;
    currentPassword: string;
    newPassword: string;
    keepLogins: boolean;
    address: string;
    caller: QueuedCaller;
  },
): Promise<ChangedPassword | DomainError> {
  const problem = passwordProblem(newPassword, user);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "password" });
  const now = new Date(clock.now());
  const limit = await checkPasswordLimit(sql, {
    userId: user.id,
    email: user.email,
    address,
    knownHere: true,
    browser: sessionId,
    now,
  });
  if (limit instanceof DomainError) return limit;
  const from = user.passwordHash;
  const correct = await verifyPassword(currentPassword, from, caller).catch(async (error) => {
    // The password was not checked, so it must not count as wrong.
    await releaseAttempt(sql, limit.attempt);
    throw error;
  });
  if (!correct || from === undefined) {
    const by = { actor: user.id, subject: user.id, address };
    await recordAuditEvent(sql, clock, { event: "password.change_failed", ...by });
    return incorrectPassword();
  }
  await releaseAttempt(sql, limit.attempt);
  if (currentPassword === newPassword) {
    return new DomainError(
      "invalid",
      "This is your current password. Choose another one.",
      { field: "password" },
    );
  }
  const to = await hashPassword(newPassword, caller);
  const revoked = await sql.begin(async (tx) => {
    if (!await replacePassword(tx, { id: user.id, from, to })) return undefined;
    return await revokeUserAccess(tx, { clock }, {
      userId: user.id,
      reason: "password_changed",
      keepLogins,
      event: ({ logins, browsers }) => ({
        event: "password.changed",
        actor: user.id,
        subject: user.id,
        address,
        details: { by: "user", logins: logins.length, browsers },
      }),
    });
  }) as RevokedAccess | undefined;
  // Another request has changed it meanwhile.
  if (revoked === undefined) return incorrectPassword();
  for (const id of revoked.logins) tokenValidator.invalidate(`login:${id}`);
  const change = { at: now, by: "user", address, loginsRevoked: !keepLogins } as const;
  mail.send(passwordChangedMail(user.email, issuer, change));
  return {
    user: { ...user, passwordHash: to },
    logins: revoked.logins.length,
    browsers: revoked.browsers,
  };
}

function incorrectPassword(): DomainError {
  return new DomainError("invalid", "The current password is not correct.", {
    field: "current_password",
  });
}
