import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import type { AppParts } from "../app_parts.ts";
import type { Message } from "../notifications/mail.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import type { WebhookEvent } from "../notifications/webhook.ts";

/** What the owner of a token should know. */
export type OwnerNotice =
  | { type: "token.expiring"; token: PersonalAccessToken }
  | { type: "token.imported"; token: PersonalAccessToken }
  | {
    type: "token.leaked";
    token: PersonalAccessToken;
    /** Where it lies; null: not told. */
    place: string | null;
    reporter: string;
    /** Whether the reporter has proved who they are. */
    proven: boolean;
    /** Whether it was ended for it. */
    revoked: boolean;
  };

/**
 * Tells the operator's webhook, and the owner by e-mail if the server has a mail
 * server. Service accounts have no address: of theirs the webhook alone hears.
 */
export function notifyOwner(
  { webhook, mail, issuer }: Pick<AppParts, "webhook" | "mail" | "issuer">,
  notice: OwnerNotice,
): void {
  webhook.tell(webhookEvent(notice));
  const { kind, username } = notice.token.owner;
  if (kind === "user") mail.tell({ to: username, ...message(notice, issuer) });
}

function webhookEvent(notice: OwnerNotice): WebhookEvent {
  const { type, token } = notice;
  const about = {
    token: {
      id: token.id,
      name: token.name,
      prefix: token.prefix,
      expires_at: token.expiresAt?.toISOString() ?? null,
    },
    owner: token.owner,
  };
  if (type !== "token.leaked") return { type, data: about };
  const { place, reporter, revoked } = notice;
  return { type, data: { ...about, place, reported_by: reporter, revoked } };
}

function message(notice: OwnerNotice, issuer: string): Omit<Message, "to"> {
  const { token } = notice;
  const name = sanitizeLine(token.name, 60);
  const prefix = sanitizeLine(token.prefix, 20);
  const page = `${issuer}/tokens/${token.id}`;
  if (notice.type === "token.expiring") {
    const end = moment(token.expiresAt!);
    return {
      subject: `${brand.productName}: your token "${name}" ends on ${end}`,
      text: paragraphs(
        `Your personal access token "${name}", which begins with ${prefix}, ends on ${end}.`,
        `If it is still needed, rotate it: you get a new secret, and the old one works on for as long as you choose.\n${page}\nor: ${brand.binaryName} pat rotate ${token.id}`,
        lastUse(token),
        "If nothing needs it any more, there is nothing to do.",
      ),
    };
  }
  if (notice.type === "token.imported") {
    return {
      subject: `${brand.productName}: a token that speaks for you was taken over`,
      text: paragraphs(
        `An administrator took over a personal access token from elsewhere, "${name}". It speaks for you.`,
        `If you do not know it, revoke it and ask your administrator:\n${page}\nor: ${brand.binaryName} pat revoke ${token.id}`,
      ),
    };
  }
  const { revoked } = notice;
  return {
    subject: revoked
      ? `${brand.productName}: your token "${name}" leaked and was revoked`
      : `${brand.productName}: your token "${name}" leaked`,
    text: paragraphs(
      `Your personal access token "${name}", which begins with ${prefix}, was found where others can read it.`,
      leakPlace(notice),
      lastUse(token),
      revoked
        ? `It was revoked and works no more. If it is still needed, make a new one and put it in the old one's place:\n${issuer}/tokens/new`
        : `It still works. Make a new one, put it in the old one's place, and revoke the old one:\n${page}\nor: ${brand.binaryName} pat revoke ${token.id}`,
      "Then see what was done with it that you did not do.",
    ),
  };
}

/** An address that a stranger wrote stays out of the mail: people follow what they find there. */
function leakPlace({ place, reporter, proven, token }: OwnerNotice & { type: "token.leaked" }) {
  const by = `Reported by: ${sanitizeLine(reporter, 200)}`;
  if (place === null) return by;
  return proven
    ? `It lies at: ${sanitizeLine(place, 500)}\n${by}`
    : `Where it lies, as the reporter says, stands with the token itself: ${brand.binaryName} pat show ${token.id}\n${by}`;
}

function lastUse({ lastUsedAt, lastUsedAddress, lastUsedAgent }: PersonalAccessToken): string {
  if (lastUsedAt === undefined) return "It was never used.";
  const from = lastUsedAddress === undefined ? "" : ` from ${sanitizeLine(lastUsedAddress, 45)}`;
  const by = lastUsedAgent === undefined ? "" : ` with ${sanitizeLine(lastUsedAgent, 40)}`;
  return `It was last used on ${moment(lastUsedAt)}${from}${by}.`;
}

function paragraphs(...all: string[]): string {
  return `${all.join("\n\n")}\n`;
}

/** For people in any place. */
function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
