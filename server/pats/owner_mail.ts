import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Message } from "../notifications/mail.ts";
import { mailTime, paragraphs } from "../notifications/user_mail.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import type { LeakNotice, OwnerNotice } from "./notify_owner.ts";

type MailText = Omit<Message, "to">;

/** The e-mail about a token to its owner. It never contains a secret. */
export function ownerMail(notice: OwnerNotice, issuer: string): MailText {
  switch (notice.type) {
    case "token.expiring":
      return expiringMail(notice.token, issuer);
    case "token.imported":
      return importedMail(notice.token, issuer);
    case "token.leaked":
      return leakedMail(notice, issuer);
  }
}

function expiringMail(token: PersonalAccessToken, issuer: string): MailText {
  const name = formatName(token);
  const expiry = mailTime(token.expiresAt!);
  return {
    subject: `${brand.productName}: your token "${name}" expires on ${expiry}`,
    text: paragraphs(
      `Your personal access token "${name}" (${formatPrefix(token)}…) expires on ${expiry}.`,
      "If you still need it, rotate it. You get a new secret, and you choose how long the old " +
        `one keeps working.\n${tokenPage(token, issuer)}\n` +
        `or: ${brand.binaryName} pat rotate ${token.id}`,
      lastUse(token),
      "If you no longer need it, you don't have to do anything.",
    ),
  };
}

function importedMail(token: PersonalAccessToken, issuer: string): MailText {
  return {
    subject: `${brand.productName}: a token was imported to your account`,
    text: paragraphs(
      `An administrator imported the personal access token "${formatName(token)}" to your ` +
        "account. Programs that have this token can act as you.",
      `If you don't recognize it, revoke it and contact your administrator:\n` +
        `${tokenPage(token, issuer)}\nor: ${brand.binaryName} pat revoke ${token.id}`,
    ),
  };
}

function leakedMail(notice: LeakNotice, issuer: string): MailText {
  const { token, revoked } = notice;
  const name = formatName(token);
  return {
    subject: `${brand.productName}: your token "${name}" leaked` +
      (revoked ? " and was revoked" : ""),
    text: paragraphs(
      `Your personal access token "${name}" (${formatPrefix(token)}…) was found in a place ` +
        "where others can read it.",
      leakSource(notice),
      lastUse(token),
      revoked
        ? "It was revoked and no longer works. If you still need a token, create a new one and " +
          `use it instead:\n${issuer}/tokens/new`
        : "It still works. Create a new token, use it instead, and revoke this one:\n" +
          `${tokenPage(token, issuer)}\nor: ${brand.binaryName} pat revoke ${token.id}`,
      "Then check whether the token was used for anything that you did not do.",
    ),
  };
}

/** An unverified reporter's URL stays out of the mail: readers would follow it. */
function leakSource({ place, reporter, reporterVerified, token }: LeakNotice): string {
  const source = `Reported by: ${sanitizeLine(reporter, 200)}`;
  if (place === null) return source;
  return reporterVerified
    ? `Found at: ${sanitizeLine(place, 500)}\n${source}`
    : `To see where it was found, according to the reporter, run: ` +
      `${brand.binaryName} pat show ${token.id}\n${source}`;
}

function lastUse({ lastUsedAt, lastUsedAddress, lastUsedAgent }: PersonalAccessToken): string {
  if (lastUsedAt === undefined) return "It has never been used.";
  const from = lastUsedAddress === undefined ? "" : ` from ${sanitizeLine(lastUsedAddress, 45)}`;
  const by = lastUsedAgent === undefined ? "" : ` with ${sanitizeLine(lastUsedAgent, 40)}`;
  return `It was last used on ${mailTime(lastUsedAt)}${from}${by}.`;
}

function tokenPage({ id }: PersonalAccessToken, issuer: string): string {
  return `${issuer}/tokens/${id}`;
}

function formatName({ name }: PersonalAccessToken): string {
  return sanitizeLine(name, 60);
}

function formatPrefix({ prefix }: PersonalAccessToken): string {
  return sanitizeLine(prefix, 20);
}
