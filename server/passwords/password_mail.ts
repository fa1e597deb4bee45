/** The e-mails about passwords and addresses. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Message } from "../notifications/mail.ts";
import { mailTime, userMail } from "../notifications/user_mail.ts";
import type { PasswordLink } from "./password_link.ts";

/** The page that sends a link to reset a password. */
export const FORGOT_PASSWORD_PATH = "/password/forgot";

/** An administrator added the user. */
export function invitationMail(to: string, issuer: string, link: PasswordLink): Message {
  return userMail(
    to,
    "choose a password for your new account",
    `An administrator created an account for you at ${issuer}.`,
    `To choose your password, open this link before ${mailTime(link.expiresAt)}. It works ` +
      `once:\n\n${link.url}`,
    `Then sign in with your e-mail address, ${formatAddress(to)}.`,
    "If you did not expect this message, you can ignore it.",
  );
}

/** The user requested it, or an administrator. */
export function resetMail(
  to: string,
  issuer: string,
  link: PasswordLink,
  requestedBy: "user" | "administrator",
): Message {
  return userMail(
    to,
    "reset your password",
    requestedBy === "user"
      ? `We received a request to reset the password of your account at ${issuer}.`
      : `An administrator sent you this link to reset the password of your account at ${issuer}.`,
    `To choose a new password, open this link before ${mailTime(link.expiresAt)}. It works ` +
      `once:\n\n${link.url}`,
    "If you did not request this, you can ignore this message. Your password has not changed.",
  );
}

export interface PasswordChange {
  at: Date;
  by: "user" | "administrator";
  /** Where the request came from. */
  address?: string;
  /** False if the user kept the logins of their terminals. */
  loginsRevoked: boolean;
}

export function passwordChangedMail(
  to: string,
  issuer: string,
  { at, by, address, loginsRevoked }: PasswordChange,
): Message {
  const where = address === undefined ? "" : `, from the IP address ${address}`;
  return userMail(
    to,
    "your password was changed",
    by === "user"
      ? `The password of your account at ${issuer} was changed on ${mailTime(at)}${where}.`
      : `An administrator changed the password of your account at ${issuer} on ${mailTime(at)}.`,
    loginsRevoked
      ? "All other browsers were signed out and all logins in terminals were revoked. Personal " +
        "access tokens still work."
      : "All other browsers were signed out. Logins in terminals and personal access tokens " +
        "still work.",
    "If this was not you, reset your password now and contact your administrator:\n" +
      issuer + FORGOT_PASSWORD_PATH,
  );
}

/** To the address that the user had before. */
export function addressChangedMail(to: string, issuer: string, address: string): Message {
  return userMail(
    to,
    "the e-mail address of your account was changed",
    `An administrator changed the e-mail address of your account at ${issuer} from ` +
      `${formatAddress(to)} to ${formatAddress(address)}.`,
    "Sign in with the new address from now on. Your password, logins and tokens are the same.",
    "If you did not expect this, contact your administrator.",
  );
}

function formatAddress(address: string): string {
  return sanitizeLine(address, 254);
}
