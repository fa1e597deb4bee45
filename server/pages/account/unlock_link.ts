import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { brand } from "../../../shared/brand.ts";
import type { AppParts } from "../../app_parts.ts";
import { countAttempt } from "../../store/failed_attempts.ts";
import type { User } from "../../store/users.ts";

/** Name of the parameter and hidden field. */
export const UNLOCK_PARAMETER = "unlock";

/** How long a link works, in seconds: whoever locks an account can lock it again and again. */
const LIFETIME = 24 * 3600;
/** Mails to one person, so that nobody can fill a mailbox through us. */
const MAIL_LIMIT = { limit: 1, windowSeconds: 12 * 3600 } as const;

/**
 * Mails a person whose account was just locked by wrong passwords a link to the sign-in
 * page. It signs nobody in: the password is still asked for, but the failures of others do
 * not count there. For an account that cannot be signed in to it takes as long and sends
 * nothing. Does nothing without a mail server.
 */
export async function sendUnlockLink(
  { sql, clock, config, issuer, mail, secrets }: AppParts,
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
  const expiresAt = Math.floor(clock.now() / 1000) + LIFETIME;
  const link = `${issuer}/signin?${UNLOCK_PARAMETER}=${expiresAt}.${
    mac(secrets, user.id, expiresAt)
  }`;
  mail.send({
    to: user.email,
    subject: `${brand.productName}: too many wrong passwords for your account`,
    text: `Somebody entered a wrong password for your account at ${issuer} too often, so that ` +
      `nobody can sign in to it at an unknown place for 15 minutes.\n\n` +
      `If you want to sign in, open this link and enter your password. It works for a day, ` +
      `and only for your account:\n\n${link}\n\n` +
      `If you do not, there is nothing to do: nobody was signed in, and your sessions and ` +
      `logins stay as they are.\n`,
  });
}

/** Names the link if it was mailed to this person and still works. */
export function verifyUnlockLink(
  { clock, secrets }: Pick<AppParts, "clock" | "secrets">,
  presented: string | undefined,
  userId: string,
): string | undefined {
  const [, expiry, given] = /^(\d{1,12})\.([\w-]{43})$/.exec(presented ?? "") ?? [];
  if (expiry === undefined || Number(expiry) * 1000 <= clock.now()) return undefined;
  const expected = mac(secrets, userId, Number(expiry));
  const genuine = timingSafeEqual(Buffer.from(given), Buffer.from(expected));
  return genuine ? `link ${expiry}` : undefined;
}

function mac({ formKey }: AppParts["secrets"], userId: string, expiresAt: number): string {
  return createHmac("sha256", formKey).update(`unlock ${userId} ${expiresAt}`).digest("base64url");
}
