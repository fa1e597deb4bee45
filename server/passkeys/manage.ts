import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { deletePasskey, findPasskey, setPasskeyName } from "../store/passkeys.ts";
import { deletePendingSignIns } from "../store/pending_sign_ins.ts";
import { replaceRecoveryCodes } from "../store/recovery_codes.ts";
import { findSecondFactors, hasSecondFactor } from "../store/second_factors.ts";
import { signOutPasskeySessions } from "../store/sessions.ts";
import { hasWayToSignIn, lockUser, nameProblem } from "../store/users.ts";
import { passkeyRemovedMail } from "./passkey_mail.ts";

interface ManageDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  mail: Pick<Mail, "send">;
}

/** Which passkey, and from where the request came. */
interface PasskeyReference {
  id: string;
  userId: string;
  address: string;
}

/** Names a passkey of a user. Returns the name. */
export async function renamePasskey(
  { sql, clock }: ManageDeps,
  { id, userId, address, name }: PasskeyReference & { name: string },
): Promise<string | DomainError> {
  const problem = nameProblem(name);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "name" });
  const to = name.trim().normalize("NFC");
  return await sql.begin(async (tx) => {
    await lockUser(tx, userId);
    const passkey = await findPasskey(tx, { id, userId });
    if (passkey === undefined) return noSuchPasskey();
    if (passkey.name === to) return to;
    await setPasskeyName(tx, { id: passkey.id, name: to });
    await recordAuditEvent(tx, clock, {
      event: "passkey.renamed",
      actor: userId,
      subject: userId,
      address,
      details: { passkey: passkey.id, from: passkey.name, to },
    });
    return to;
  }) as string | DomainError;
}

/**
 * Removes a passkey of a user, unless they could not sign in without it, and signs out the other
 * browsers that signed in with it. Returns its name. The user is locked: of two requests that remove
 * each other's last alternative, one is rejected.
 */
export async function removePasskey(
  { sql, clock, issuer, mail }: ManageDeps,
  { id, userId, exceptSession, address }: PasskeyReference & { exceptSession: string },
): Promise<{ name: string } | DomainError> {
  const now = new Date(clock.now());
  const removed = await sql.begin(async (tx) => {
    const user = await lockUser(tx, userId);
    const passkey = await findPasskey(tx, { id, userId });
    if (user === undefined || passkey === undefined) throw noSuchPasskey();
    await deletePasskey(tx, passkey.id);
    if (!await hasWayToSignIn(tx, userId)) throw lastMethod();
    await deletePendingSignIns(tx, userId);
    if (!hasSecondFactor(await findSecondFactors(tx, userId))) {
      // They replace a second factor, which the user no longer has.
      await replaceRecoveryCodes(tx, { userId, hashes: [], now });
    }
    await signOutPasskeySessions(tx, { passkeyId: passkey.id, except: exceptSession, now });
    await recordAuditEvent(tx, clock, {
      event: "passkey.removed",
      actor: userId,
      subject: userId,
      address,
      details: { passkey: passkey.id, name: passkey.name },
    });
    return { email: user.email, name: passkey.name };
  }).catch((error) => {
    if (error instanceof DomainError) return error;
    throw error;
  }) as { email: string; name: string } | DomainError;
  if (removed instanceof DomainError) return removed;
  const { email, name } = removed;
  mail.send(passkeyRemovedMail(email, issuer, { name, at: now, address }));
  return { name };
}

function noSuchPasskey(): DomainError {
  return new DomainError(
    "not_found",
    "Your account has no such passkey. It may have been removed.",
  );
}

function lastMethod(): DomainError {
  return new DomainError(
    "conflict",
    "This passkey is the only way to sign in to your account. Add another passkey or choose a " +
      "password first.",
    { reason: "last_method" },
  );
}
