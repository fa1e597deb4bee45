/** The e-mails about passkeys. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Message } from "../notifications/mail.ts";
import { mailTime, userMail } from "../notifications/user_mail.ts";
import { MAX_NAME_LENGTH } from "../store/users.ts";

/** The page on which users manage how they sign in. */
const SECURITY_PATH = "/account/security";

/** What happened to a passkey of a user. */
export interface PasskeyChange {
  name: string;
  at: Date;
  address: string;
}

export function passkeyAddedMail(to: string, issuer: string, change: PasskeyChange): Message {
  return userMail(
    to,
    "a passkey was added to your account",
    `The passkey ${describe(change)} was added to your account at ${issuer}. It can be used to ` +
      "sign in.",
    "If this was not you, remove the passkey, sign out all other browsers, and contact your " +
      `administrator:\n${issuer}${SECURITY_PATH}`,
  );
}

export function passkeyRemovedMail(to: string, issuer: string, change: PasskeyChange): Message {
  return userMail(
    to,
    "a passkey was removed from your account",
    `The passkey ${
      describe(change)
    } was removed from your account at ${issuer}. It can no longer ` +
      "be used to sign in.",
    `If this was not you, contact your administrator and check your account:\n${issuer}` +
      SECURITY_PATH,
  );
}

export function passkeyBlockedMail(to: string, issuer: string, change: PasskeyChange): Message {
  return userMail(
    to,
    "a passkey of your account was blocked",
    `Someone tried to sign in to your account at ${issuer} with the passkey ${describe(change)}. ` +
      "Its counter was not higher than the last time, so there may be a copy of the passkey. The " +
      "sign-in was rejected, and the passkey is blocked.",
    "If you tried to sign in: sign in another way, remove the passkey and add it again. If you did " +
      "not, someone else has a copy: also check where you are signed in, and contact your " +
      `administrator:\n${issuer}${SECURITY_PATH}`,
  );
}

function describe({ name, at, address }: PasskeyChange): string {
  const time = mailTime(at);
  return `“${sanitizeLine(name, MAX_NAME_LENGTH)}” (${time}, from the IP address ${address})`;
}
