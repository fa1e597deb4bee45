import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail, Message } from "../notifications/mail.ts";
import { checkAddressLimit } from "../security/rate_limit.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { emailProblem, findUserByEmail, lockUser, type User } from "../store/users.ts";
import { ADDRESS_LINK_LIFETIME, createAddressLink } from "./address_link.ts";
import { addressTakenMail, confirmAddressMail } from "./address_mail.ts";

interface RequestAddressDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  mail: Pick<Mail, "sendLater">;
}

/**
 * Mails a link to confirm a new address to that address. Neither the result nor the time it takes
 * depends on whether another account has the address, which is looked up after the response, and
 * the address gets one message in both cases.
 */
export async function requestAddress(
  deps: RequestAddressDeps,
  { user, email, address }: { user: User; email: string; address: string },
): Promise<DomainError | undefined> {
  const problem = emailProblem(email);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "email" });
  if (email.normalize("NFC") === user.email) {
    return new DomainError("invalid", "This is your current address. Enter another one.", {
      field: "email",
    });
  }
  const now = new Date(deps.clock.now());
  const allowed = await checkAddressLimit(deps.sql, { userId: user.id, email, now });
  if (allowed instanceof DomainError) return allowed;
  if (allowed) {
    // In the next turn of the event loop: the embedded database runs in this thread.
    setTimeout(
      () => deps.mail.sendLater("confirm an address", () => write(deps, user.id, email, address)),
      0,
    );
  }
  return undefined;
}

async function write(
  { sql, clock, issuer }: RequestAddressDeps,
  userId: string,
  email: string,
  address: string,
): Promise<Message | undefined> {
  return await sql.begin(async (tx) => {
    const user = await lockUser(tx, userId);
    if (user === undefined) return undefined;
    const owner = await findUserByEmail(tx, email);
    if (owner !== undefined && owner.id !== user.id) {
      await recordAuditEvent(tx, clock, {
        event: "address_link.refused",
        actor: user.id,
        subject: user.id,
        address,
      });
      return addressTakenMail(email, issuer);
    }
    const link = await createAddressLink(tx, { clock, issuer }, {
      userId: user.id,
      email,
      lifetimeSeconds: ADDRESS_LINK_LIFETIME,
      mailed: true,
      by: { actor: user.id, address },
    });
    return link && confirmAddressMail(email, issuer, link);
  }) as Message | undefined;
}
