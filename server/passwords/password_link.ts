import { randomBytes } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { insertPasswordLink } from "../store/password_links.ts";
import { tokenHash } from "../tokens/token_hash.ts";

/** The page that a link opens, with the token in its query: logs have only paths. */
export const PASSWORD_LINK_PATH = "/password/choose";

/** In seconds. Of links that a user requests; an operator chooses the lifetime of other links. */
export const RESET_LINK_LIFETIME = 3600;

/** 256 random bits. */
const TOKEN_BYTES = 32;

export interface PasswordLink {
  /** Contains the token, of which only the hash is stored. */
  url: string;
  expiresAt: Date;
}

/** Creates a single-use link with which a user chooses a password. Undefined for a disabled user. */
export async function createPasswordLink(
  tx: Transaction,
  { clock, issuer }: { clock: Clock; issuer: string },
  { userId, lifetimeSeconds, mailed, actor, address, loginId }: {
    userId: string;
    lifetimeSeconds: number;
    /** Whether it is sent to the user's e-mail address, and shown to no one else. */
    mailed: boolean;
    /** Undefined: an anonymous client. */
    actor?: string;
    address?: string;
    /** The login that the actor used, over REST. */
    loginId?: string;
  },
): Promise<PasswordLink | undefined> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const now = new Date(clock.now());
  const expiresAt = new Date(clock.now() + lifetimeSeconds * 1000);
  const link = { tokenHash: tokenHash(token), userId, mailed, now, expiresAt };
  if (!await insertPasswordLink(tx, link)) return undefined;
  await recordAuditEvent(tx, clock, {
    event: "password_link.created",
    actor,
    subject: userId,
    address,
    details: {
      mailed,
      expires_at: expiresAt.toISOString(),
      ...loginId !== undefined && { login: loginId },
    },
  });
  return { url: `${issuer}${PASSWORD_LINK_PATH}?token=${token}`, expiresAt };
}
