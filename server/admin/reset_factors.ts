import type { DomainError } from "../domain_error.ts";
import { factorsResetMail } from "../sign_in/method_mail.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { deletePendingSignIns } from "../store/pending_sign_ins.ts";
import { deleteSecondFactors, type SecondFactors } from "../store/second_factors.ts";
import { signOutAllPasskeySessions } from "../store/sessions.ts";
import { lockUser, type User } from "../store/users.ts";
import { rolledBack } from "./group_operations.ts";
import { keepingAnAdministrator } from "./last_administrator.ts";
import { noSuchUser } from "./no_such_user.ts";
import { adminEvent } from "./admin_event.ts";
import type { UserOperation } from "./operation.ts";

/** What a user had, and whether they can still sign in. */
export interface ResetFactors {
  email: string;
  removed: SecondFactors;
  hasPassword: boolean;
}

/** Removes the second factors of a user who has lost them. The user is notified. */
export const resetFactors: UserOperation<{ email: string }, ResetFactors | DomainError> = async (
  deps,
  { email },
) => {
  const { sql, clock, issuer, mail } = deps;
  const reset = await sql.begin(async (tx): Promise<ResetFactors | DomainError> => {
    let removed: SecondFactors | undefined;
    let user: User | undefined;
    // Operators create a link with which the last administrator signs in again.
    await keepingAnAdministrator(tx, { force: deps.actor === undefined }, async () => {
      user = await lockUser(tx, email);
      removed = user && await deleteSecondFactors(tx, user.id);
    });
    if (user === undefined || removed === undefined) return noSuchUser(email);
    await deletePendingSignIns(tx, user.id);
    // A passkey that was stolen must not stay signed in.
    await signOutAllPasskeySessions(tx, { userId: user.id, now: new Date(clock.now()) });
    const event = {
      event: "second_factor.reset",
      subject: user.id,
      details: {
        app: removed.totp,
        passkeys: removed.passkeys,
        recovery_codes: removed.recoveryCodes,
      },
    };
    await recordAuditEvent(tx, clock, adminEvent(deps, event));
    return { email: user.email, removed, hasPassword: user.passwordHash !== undefined };
  }).catch(rolledBack) as ResetFactors | DomainError;
  if ("removed" in reset && (reset.removed.totp || reset.removed.passkeys > 0)) {
    const change = { at: new Date(clock.now()), by: "administrator" } as const;
    mail.send(factorsResetMail(reset.email, issuer, change));
  }
  return reset;
};
