import { randomBytes } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { expireAddressLinks, insertAddressLink } from "../store/address_links.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { tokenHash } from "../tokens/token_hash.ts";

/** The page that a link opens, with the token in its query: logs have only paths. */
export const ADDRESS_LINK_PATH = "/account/email/confirm";

/** In seconds. Of links that a user requests; an administrator chooses that of other links. */
export const ADDRESS_LINK_LIFETIME = 3600;

/** 256 random bits. */
const TOKEN_BYTES = 32;

export interface AddressLink {
  /** Contains the token, of which only the hash is stored. */
  url: string;
  expiresAt: Date;
}

/**
 * Creates a single-use link with which a user confirms a new address, in place of earlier ones.
 * Undefined for a disabled user.
 */
export async function createAddressLink(
  tx: Transaction,
  { clock, issuer }: { clock: Clock; issuer: string },
  { userId, email, lifetimeSeconds, mailed, by }: {
    userId: string;
    /** The new address. */
    email: string;
    lifetimeSeconds: number;
    mailed: boolean;
    by: Pick<AuditEvent, "actor" | "address" | "details">;
  },
): Promise<AddressLink | undefined> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const now = new Date(clock.now());
  const expiresAt = new Date(clock.now() + lifetimeSeconds * 1000);
  await expireAddressLinks(tx, { userId, now });
  const link = { tokenHash: tokenHash(token), userId, email, mailed, now, expiresAt };
  if (!await insertAddressLink(tx, link)) return undefined;
  await recordAuditEvent(tx, clock, {
    event: "address_link.created",
    ...by,
    subject: userId,
    details: { mailed, expires_at: expiresAt.toISOString(), ...by.details },
  });
  return { url: `${issuer}${ADDRESS_LINK_PATH}?token=${token}`, expiresAt };
}
