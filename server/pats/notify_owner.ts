import type { Message } from "../notifications/mail.ts";
import type { WebhookEvent } from "../notifications/webhook.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { ownerIdentity } from "./owner.ts";
import { ownerMail } from "./owner_mail.ts";

export type OwnerNotice =
  | { type: "token.expiring"; token: PersonalAccessToken }
  | { type: "token.imported"; token: PersonalAccessToken }
  | LeakNotice;

export interface LeakNotice {
  type: "token.leaked";
  token: PersonalAccessToken;
  /** Where it was found; null: not reported. */
  place: string | null;
  reporter: string;
  /** Whether the reporter's identity was verified. */
  reporterVerified: boolean;
  /** Whether the server revoked it because of the report. */
  revoked: boolean;
}

export interface NotifyOwnerDeps {
  webhook: { send(event: WebhookEvent): void };
  mail: { send(message: Message): void };
  issuer: string;
}

/**
 * Sends the notice to the operator's webhook, and by e-mail to the owner. Service accounts have no
 * e-mail address.
 */
export function notifyOwner({ webhook, mail, issuer }: NotifyOwnerDeps, notice: OwnerNotice): void {
  webhook.send(webhookEvent(notice));
  const { kind, username } = notice.token.owner;
  if (kind === "user") mail.send({ to: username, ...ownerMail(notice, issuer) });
}

function webhookEvent(notice: OwnerNotice): WebhookEvent {
  const { type, token } = notice;
  const data = {
    token: {
      id: token.id,
      name: token.name,
      prefix: token.prefix,
      expires_at: token.expiresAt?.toISOString() ?? null,
    },
    owner: ownerIdentity(token.owner),
  };
  if (type !== "token.leaked") return { type, data };
  const { place, reporter, revoked } = notice;
  return { type, data: { ...data, place, reported_by: reporter, revoked } };
}
