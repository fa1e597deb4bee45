import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { brand } from "../../../shared/brand.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Mail } from "../../notifications/mail.ts";
import type { Sql } from "../../store/db/connect.ts";
import { countAttempt } from "../../store/failed_attempts.ts";
import type { User } from "../../store/users.ts";
import type { RenderDeps } from "../render.tsx";

/** Name of the query parameter and of the hidden field. */
export const UNLOCK_PARAMETER = "unlock";

/** Longer than a lock, because an attacker can lock the account again and again. */
const LIFETIME_SECONDS = 24 * 3600;
/** Per user, so that no one can fill a mailbox with our messages. */
const MAIL_LIMIT = { limit: 1, windowSeconds: 12 * 3600 } as const;

export interface UnlockLinkDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "mail">;
  mail: Pick<Mail, "send">;
}

/**
 * Mails a link to the sign-in page to a user whose account was just locked by wrong passwords. The
 * link does not sign in, it still requires the password; but failed sign-ins elsewhere do not count
 * there. Without a user (unknown or disabled) it takes as long and sends nothing. Does nothing
 * without a mail server.
 */
export async function sendUnlockLink(
  { sql, clock, config, issuer, mail, secrets }: UnlockLinkDeps,
  user: User | undefined,
): Promise<void> {
  if (config.mail === undefined) return;
  const now = new Date(clock.now());
  const { attempt } = await countAttempt(
    sql,
    [{ kind: "unlock_mail", subject: user?.id ?? "nobody", ...MAIL_LIMIT }],
    now,
    ([count]) => count.blockedUntil === undefined,
  );
  if (attempt === undefined || user === undefined) return;
  const link = `${issuer}/signin?${UNLOCK_PARAMETER}=${unlockToken({ clock, secrets }, user.id)}`;
  mail.send({
    to: user.email,
    subject: `${brand.productName}: too many failed sign-ins to your account`,
    text:
      `There were too many failed sign-ins to your account at ${issuer}, so signing in from new ` +
      `places is blocked for 15 minutes.\n\n` +
      `If this was you, or if you want to sign in now, open this link and enter your password. ` +
      `It works for 24 hours, and only for your account:\n\n${link}\n\n` +
      `If this was not you, you do not have to do anything. Your sessions and logins are not ` +
      `affected.\n`,
  });
}

/** The value of the parameter, for this user and the next 24 hours. */
export function unlockToken(
  { clock, secrets }: Pick<UnlockLinkDeps, "clock" | "secrets">,
  userId: string,
): string {
  const expiresAt = Math.floor(clock.now() / 1000) + LIFETIME_SECONDS;
  return `${expiresAt}.${mac(secrets, userId, expiresAt)}`;
}

/** Identifies the link if it was mailed to this user and has not expired. */
export function verifyUnlockLink(
  { clock, secrets }: Pick<UnlockLinkDeps, "clock" | "secrets">,
  presented: string | undefined,
  userId: string,
): string | undefined {
  const [, expiry, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(presented ?? "") ?? [];
  if (expiry === undefined || Number(expiry) * 1000 <= clock.now()) return undefined;
  const expected = mac(secrets, userId, Number(expiry));
  const genuine = timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
  return genuine ? `link ${expiry}` : undefined;
}

function mac({ formKey }: RenderDeps["secrets"], userId: string, expiresAt: number): string {
  return createHmac("sha256", formKey).update(`unlock ${userId} ${expiresAt}`).digest("base64url");
}
