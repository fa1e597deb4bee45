/** The e-mails about a new address that its user asked for. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Message } from "../notifications/mail.ts";
import { mailTime, userMail } from "../notifications/user_mail.ts";
import type { AddressLink } from "./address_link.ts";

/** To the new address. */
export function confirmAddressMail(to: string, issuer: string, link: AddressLink): Message {
  return userMail(
    to,
    "confirm your new e-mail address",
    `Your account at ${issuer} is to have this e-mail address.`,
    `To confirm it, sign in to your account and open this link before ${
      mailTime(link.expiresAt)
    }. It works once:\n\n${link.url}`,
    "If you did not request this, you can ignore this message. Nothing has changed.",
  );
}

/** To a new address that another account has: the page says the same in both cases. */
export function addressTakenMail(to: string, issuer: string): Message {
  return userMail(
    to,
    "there is already an account with this e-mail address",
    `A user of ${issuer} asked to use this e-mail address for another account. You already have ` +
      "an account with it, so nothing was changed.",
    "If this was you, sign in with this address instead, or ask your administrator to delete the " +
      "account that you do not need. Otherwise you can ignore this message.",
  );
}

/** To the address that the user had before. */
export function ownAddressChangedMail(
  to: string,
  issuer: string,
  { email, at, address }: { email: string; at: Date; address: string },
): Message {
  return userMail(
    to,
    "the e-mail address of your account was changed",
    `The e-mail address of your account at ${issuer} was changed from ${formatAddress(to)} to ` +
      `${formatAddress(email)} on ${mailTime(at)}, from the IP address ${address}.`,
    "Sign in with the new address from now on. Your password, logins and tokens are the same.",
    "If this was not you, contact your administrator now.",
  );
}

function formatAddress(address: string): string {
  return sanitizeLine(address, 254);
}
