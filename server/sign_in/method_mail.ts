/** Notifies a user whose ways to sign in have changed: it may not have been them. */
import type { Message } from "../notifications/mail.ts";
import { mailTime, userMail } from "../notifications/user_mail.ts";

export interface MethodChange {
  at: Date;
  /** Where the request came from. */
  address?: string;
  by: "user" | "administrator";
}

/** `subject` continues the name of the product, `change` is a sentence without its time and place. */
export function methodChangedMail(
  to: string,
  issuer: string,
  { subject, change }: { subject: string; change: string },
  { at, address, by }: MethodChange,
): Message {
  const where = address === undefined ? "" : `, from the IP address ${address}`;
  const who = by === "administrator" ? " by an administrator" : where;
  return userMail(
    to,
    subject,
    `${change} at ${issuer} on ${mailTime(at)}${who}.`,
    "If this was not you, change your password now, check your sign-in methods and contact your " +
      `administrator:\n${issuer}/account/security`,
  );
}

export function totpAddedMail(to: string, issuer: string, change: MethodChange): Message {
  return methodChangedMail(to, issuer, {
    subject: "an authenticator app was set up",
    change: "An authenticator app was set up for your account",
  }, change);
}

export function totpRemovedMail(to: string, issuer: string, change: MethodChange): Message {
  return methodChangedMail(to, issuer, {
    subject: "your authenticator app was removed",
    change: "The authenticator app was removed from your account",
  }, change);
}

export function recoveryCodesCreatedMail(
  to: string,
  issuer: string,
  change: MethodChange,
): Message {
  return methodChangedMail(to, issuer, {
    subject: "new recovery codes were created",
    change: "New recovery codes were created, and the old ones stopped working, for your account",
  }, change);
}

export function recoveryCodeUsedMail(
  to: string,
  issuer: string,
  left: number,
  change: MethodChange,
): Message {
  return methodChangedMail(to, issuer, {
    subject: "a recovery code was used",
    change: `A recovery code was used to sign in to your account, which has ${left} left,`,
  }, change);
}

export function factorsResetMail(to: string, issuer: string, change: MethodChange): Message {
  return methodChangedMail(to, issuer, {
    subject: "your second factor was removed",
    change:
      "The authenticator app, the passkeys and the recovery codes of your account were removed",
  }, change);
}

/** Someone who enters wrong codes knows the password. */
export function wrongCodesMail(to: string, issuer: string, change: MethodChange): Message {
  return methodChangedMail(to, issuer, {
    subject: "too many wrong codes at sign-in",
    change: "After your correct password, too many wrong codes were entered for your account",
  }, change);
}
