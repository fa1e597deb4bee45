/** The e-mails about accounts at identity providers that are linked to a user, or no longer. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Message } from "../notifications/mail.ts";
import { mailTime, userMail } from "../notifications/user_mail.ts";
import { MAX_NAME_LENGTH } from "../store/users.ts";

export interface IdentityChange {
  /** The name of the provider, as users know it. */
  provider: string;
  at: Date;
  address?: string;
}

export function identityLinkedMail(to: string, issuer: string, change: IdentityChange): Message {
  return userMail(
    to,
    "an account was linked to yours",
    `An account of ${
      describe(change)
    } was linked to your account at ${issuer}. It can be used to ` +
      "sign in.",
    "If this was not you, unlink it, sign out all other browsers, and contact your " +
      `administrator:\n${issuer}/account/security`,
  );
}

export function identityUnlinkedMail(to: string, issuer: string, change: IdentityChange): Message {
  return userMail(
    to,
    "an account was unlinked from yours",
    `An account of ${describe(change)} was unlinked from your account at ${issuer}. It can no ` +
      "longer be used to sign in.",
    `If this was not you, contact your administrator and check your account:\n${issuer}` +
      "/account/security",
  );
}

function describe({ provider, at, address }: IdentityChange): string {
  const time = mailTime(at);
  const where = address === undefined ? "" : `, from the IP address ${address}`;
  return `${sanitizeLine(provider, MAX_NAME_LENGTH)} (${time}${where})`;
}
