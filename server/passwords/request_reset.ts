import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import { checkResetLimit } from "../security/rate_limit.ts";
import type { Sql } from "../store/db/connect.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { emailProblem, lockUserByEmail, type User } from "../store/users.ts";
import { createPasswordLink, type PasswordLink, RESET_LINK_LIFETIME } from "./password_link.ts";
import { resetMail } from "./password_mail.ts";

interface RequestResetDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  mail: Pick<Mail, "sendLater">;
}

/**
 * Mails a link to reset the password to the user with this address, if there is one who is not
 * disabled. Neither the result nor the time it takes depends on that, since the user is looked up
 * after the response: the only failure is the rate limit of the requester's network.
 */
export async function requestPasswordReset(
  deps: RequestResetDeps,
  { email, address }: { email: string; address: string },
): Promise<DomainError | undefined> {
  const { sql, clock, mail } = deps;
  const allowed = await checkResetLimit(sql, { email, address, now: new Date(clock.now()) });
  if (allowed instanceof DomainError) return allowed;
  if (allowed && emailProblem(email) === undefined) {
    // In the next turn of the event loop: the embedded database runs in this thread.
    setTimeout(() => mail.sendLater("reset your password", () => write(deps, email, address)), 0);
  }
  return undefined;
}

async function write(deps: RequestResetDeps, email: string, address: string) {
  const { sql, clock, issuer } = deps;
  const result = await sql.begin(async (tx) => {
    // Locked, so that the link does not go to an address that the user has just given up.
    const user = await lockUserByEmail(tx, email);
    const link = user && await createPasswordLink(tx, deps, {
      userId: user.id,
      lifetimeSeconds: RESET_LINK_LIFETIME,
      mailed: true,
      address,
    });
    return { user, link };
  }) as { user?: User; link?: PasswordLink };
  const { user, link } = result;
  if (user === undefined || link === undefined) {
    await recordAuditEvent(sql, clock, {
      event: "password_link.refused",
      subject: user?.id,
      address,
    });
    return undefined;
  }
  return resetMail(user.email, issuer, link, "user");
}
