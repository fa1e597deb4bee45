import type { Clock } from "../../shared/clock.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { expireAddressLinks } from "../store/address_links.ts";
import { withdrawAuthorizationCodes } from "../store/authorization_codes.ts";
import { withdrawApprovals } from "../store/device_authorizations.ts";
import { deleteIdentityRefreshTokens } from "../store/identities.ts";
import { expirePasswordLinks } from "../store/password_links.ts";
import { revokeRefreshTokenFamilies } from "../store/refresh_token_families.ts";
import { deletePendingSignIns } from "../store/pending_sign_ins.ts";
import { signOutSessions } from "../store/sessions.ts";
import { deleteUpstreamSignInsOfUser } from "../store/upstream_sign_ins.ts";

export interface RevokedAccess {
  /** Ids of the logins. The caller invalidates them in the cache after the commit. */
  logins: string[];
  /** Number of browser sessions. */
  browsers: number;
}

/**
 * Revokes all logins of a user, signs out their browsers except for one, withdraws sign-ins that
 * wait for a second factor or a provider, withdraws the approvals that no client has redeemed yet,
 * expires the links to choose a password, and records the audit event: all of it or nothing. With
 * `keepLogins`, the logins stay. A user who leaves loses the tokens of their accounts at providers
 * too.
 */
export async function revokeUserAccess(
  tx: Transaction,
  { clock }: { clock: Clock },
  { userId, reason, exceptSession, keepLogins = false, event }: {
    userId: string;
    reason: "user" | "disabled" | "password_changed" | "deleted" | "upstream";
    exceptSession?: string;
    keepLogins?: boolean;
    event: (revoked: RevokedAccess) => AuditEvent;
  },
): Promise<RevokedAccess> {
  const now = new Date(clock.now());
  const browsers = await signOutSessions(tx, { userId, except: exceptSession, now });
  await deletePendingSignIns(tx, userId);
  await deleteUpstreamSignInsOfUser(tx, userId);
  if (reason === "disabled" || reason === "deleted") await deleteIdentityRefreshTokens(tx, userId);
  // Before the logins: it waits for a redemption in progress, whose login is then revoked too.
  await withdrawApprovals(tx, userId);
  await withdrawAuthorizationCodes(tx, userId);
  const logins = keepLogins ? [] : await revokeRefreshTokenFamilies(tx, { userId, reason, now });
  await expirePasswordLinks(tx, { userId, now });
  await expireAddressLinks(tx, { userId, now });
  const revoked = { logins, browsers };
  await recordAuditEvent(tx, clock, event(revoked));
  return revoked;
}
