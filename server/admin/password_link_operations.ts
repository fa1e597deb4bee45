import { DomainError } from "../domain_error.ts";
import { createPasswordLink, type PasswordLink } from "../passwords/password_link.ts";
import { invitationMail, resetMail } from "../passwords/password_mail.ts";
import type { Transaction } from "../store/db/connect.ts";
import { expirePasswordLinks } from "../store/password_links.ts";
import { lockUser, type User } from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import { disabledUser } from "./user_errors.ts";
import type { UserDeps, UserOperation } from "./operation.ts";

/** What an operator wants of a link with which a user chooses a password. */
export interface LinkParams {
  lifetimeSeconds: number;
  /** Send it to the user's address, and return it to no one. */
  mail: boolean;
}

export interface LinkResult {
  /** Undefined if it was mailed. */
  url?: string;
  expiresAt: string;
  /** Why the mail could not be sent. */
  mailFailure?: string;
}

/** Creates a link for a user to choose a password. It replaces earlier links of the user. */
export const createUserPasswordLink: UserOperation<
  { email: string; link: LinkParams },
  { email: string; link: LinkResult } | DomainError
> = async (deps, { email, link: params }) => {
  const problem = mailProblem(deps, params);
  if (problem !== undefined) return problem;
  const created = await deps.sql.begin(async (tx) => {
    const user = await lockUser(tx, email);
    if (user === undefined) return noSuchUser(email);
    const link = await createLinkForUser(tx, deps, user, params);
    return link === undefined ? disabledUser(user) : { user, link };
  }) as { user: User; link: PasswordLink } | DomainError;
  if (created instanceof DomainError) return created;
  const { user, link } = created;
  return { email: user.email, link: await deliverLink(deps, user, link, params) };
};

export function mailProblem(
  { config }: { config: Pick<UserDeps["config"], "mail"> },
  { mail }: LinkParams,
): DomainError | undefined {
  if (!mail || config.mail !== undefined) return undefined;
  return new DomainError(
    "invalid",
    "No mail server is configured, so the link cannot be sent by e-mail.",
    {
      field: "mail",
      commandHint: "Set smtp_url and mail_from, or leave out --mail to print the link.",
    },
  );
}

export async function createLinkForUser(
  tx: Transaction,
  { clock, issuer, actor = "operator", address, loginId }: Pick<
    UserDeps,
    "clock" | "issuer" | "actor" | "address" | "loginId"
  >,
  { id: userId }: User,
  { lifetimeSeconds, mail }: LinkParams,
): Promise<PasswordLink | undefined> {
  await expirePasswordLinks(tx, { userId, now: new Date(clock.now()) });
  return await createPasswordLink(tx, { clock, issuer }, {
    userId,
    lifetimeSeconds,
    mailed: mail,
    actor,
    address,
    loginId,
  });
}

/** Sends the link to its user, or returns it. */
export async function deliverLink(
  { issuer, mail }: Pick<UserDeps, "issuer" | "mail">,
  { email, passwordHash }: User,
  link: PasswordLink,
  params: LinkParams,
): Promise<LinkResult> {
  const expiresAt = link.expiresAt.toISOString();
  if (!params.mail) return { url: link.url, expiresAt };
  const message = passwordHash === undefined
    ? invitationMail(email, issuer, link)
    : resetMail(email, issuer, link, "administrator");
  return { expiresAt, mailFailure: await mail.deliver(message) };
}
