import { type AddressLink, createAddressLink } from "../account/address_link.ts";
import { confirmAddressMail } from "../account/address_mail.ts";
import { DomainError } from "../domain_error.ts";
import { emailProblem, findUserByEmail, lockUser } from "../store/users.ts";
import { adminEvent } from "./admin_event.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { UserOperation } from "./operation.ts";
import { type LinkParams, type LinkResult, mailProblem } from "./password_link_operations.ts";
import { disabledUser, emailTaken } from "./user_errors.ts";

/**
 * Creates a link with which a user confirms a new address, in place of earlier ones. It is sent to
 * that address, which verifies it, or handed over.
 */
export const createUserAddressLink: UserOperation<
  { email: string; newEmail: string; link: LinkParams },
  { email: string; newEmail: string; link: LinkResult } | DomainError
> = async (deps, { email, newEmail, link: params }) => {
  const { sql, clock, issuer, mail } = deps;
  const message = emailProblem(newEmail);
  if (message !== undefined) return new DomainError("invalid", message, { field: "new_email" });
  const problem = mailProblem(deps, params);
  if (problem !== undefined) return problem;
  const { actor, address, details } = adminEvent(deps, { event: "address_link.created" });
  const created = await sql.begin(async (tx) => {
    const user = await lockUser(tx, email);
    if (user === undefined) return noSuchUser(email);
    const owner = await findUserByEmail(tx, newEmail);
    if (owner !== undefined && owner.id !== user.id) return emailTaken(newEmail);
    const link = await createAddressLink(tx, { clock, issuer }, {
      userId: user.id,
      email: newEmail,
      lifetimeSeconds: params.lifetimeSeconds,
      mailed: params.mail,
      by: { actor, address, details },
    });
    return link === undefined ? disabledUser(user) : { email: user.email, link };
  }) as { email: string; link: AddressLink } | DomainError;
  if (created instanceof DomainError) return created;
  const { link } = created;
  const expiresAt = link.expiresAt.toISOString();
  const result = params.mail
    ? { expiresAt, mailFailure: await mail.deliver(confirmAddressMail(newEmail, issuer, link)) }
    : { url: link.url, expiresAt };
  return { email: created.email, newEmail, link: result };
};
