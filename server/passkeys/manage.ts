import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { deletePasskey, findPasskey, listPasskeys, setPasskeyName } from "../store/passkeys.ts";
import { lockUser, nameProblem } from "../store/users.ts";
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
 * Removes a passkey of a user, unless they could not sign in without it. Returns its name. The user
 * is locked: of two requests that remove each other's last alternative, one is rejected.
 */
export async function removePasskey(
  { sql, clock, issuer, mail }: ManageDeps,
  { id, userId, address }: PasskeyReference,
): Promise<{ name: string } | DomainError> {
  const removed = await sql.begin(async (tx) => {
    const user = await lockUser(tx, userId);
    const passkey = await findPasskey(tx, { id, userId });
    if (user === undefined || passkey === undefined) return noSuchPasskey();
    const others = (await listPasskeys(tx, userId)).filter((other) =>
      other.id !== passkey.id && other.blockedAt === undefined
    );
    if (user.passwordHash === undefined && others.length === 0) return lastMethod();
    await deletePasskey(tx, passkey.id);
    await recordAuditEvent(tx, clock, {
      event: "passkey.removed",
      actor: userId,
      subject: userId,
      address,
      details: { passkey: passkey.id, name: passkey.name },
    });
    return { email: user.email, name: passkey.name };
  }) as { email: string; name: string } | DomainError;
  if (removed instanceof DomainError) return removed;
  const { email, name } = removed;
  mail.send(passkeyRemovedMail(email, issuer, { name, at: new Date(clock.now()), address }));
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
