import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import {
  type AddressLink,
  expireAddressLinks,
  findAddressLink,
  useAddressLink,
} from "../store/address_links.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { expirePasswordLinks } from "../store/password_links.ts";
import { updateUserRow, type User } from "../store/users.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { ownAddressChangedMail } from "./address_mail.ts";
import { isUniqueViolation } from "../store/db/unique_violation.ts";

/** What a link of the user would change; undefined if it cannot be used, or is another user's. */
export async function describeAddressLink(
  { sql, clock }: { sql: Sql; clock: Clock },
  { userId, token }: { userId: string; token: string },
): Promise<AddressLink | undefined> {
  const now = new Date(clock.now());
  return await findAddressLink(sql, { tokenHash: tokenHash(token), userId, now });
}

interface ConfirmAddressDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  mail: Pick<Mail, "send">;
}

/**
 * Changes the address of a user who is signed in and has the link: a link that went to a wrong
 * address gives its reader nothing. The old address is notified.
 */
export async function confirmAddress(
  { sql, clock, issuer, mail }: ConfirmAddressDeps,
  { userId, token, address }: { userId: string; token: string; address: string },
): Promise<{ email: string } | DomainError> {
  const now = new Date(clock.now());
  const changed = await sql.begin(async (tx) => {
    const used = await useAddressLink(tx, { tokenHash: tokenHash(token), userId, now });
    if (used === undefined) {
      return new DomainError("conflict", "This link was used or has expired. Request a new one.");
    }
    const { user, email, mailed } = used;
    await updateUserRow(tx, userId, { email, emailVerified: mailed });
    // What was sent to the old address must not work for the new one.
    await expirePasswordLinks(tx, { userId, now });
    await expireAddressLinks(tx, { userId, now });
    await recordAuditEvent(tx, clock, {
      event: "user.changed",
      actor: userId,
      subject: userId,
      address,
      details: {
        name: false,
        password: false,
        email_from: user.email,
        email_to: email,
        email_verified: mailed,
      },
    });
    return { user, email };
  }).catch((error) => {
    // The transaction was rolled back: the link can still be used.
    if (isUniqueViolation(error)) {
      return new DomainError(
        "conflict",
        "Another account has this address now. Ask your administrator for help.",
      );
    }
    throw error;
  }) as { user: User; email: string } | DomainError;
  if (changed instanceof DomainError) return changed;
  const { user, email } = changed;
  mail.send(ownAddressChangedMail(user.email, issuer, { email, at: now, address }));
  return { email };
}
