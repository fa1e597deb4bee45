import type { Clock } from "../../shared/clock.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import { withdrawAuthorizationCodes } from "../store/authorization_codes.ts";
import type { Transaction } from "../store/db/connect.ts";
import { withdrawApprovals } from "../store/device_authorizations.ts";
import { revokeRefreshTokenFamilies } from "../store/refresh_token_families.ts";

/**
 * Revokes all logins of a user, and withdraws the approvals that no client has redeemed yet. Their
 * browsers stay signed in. Returns the ids, which the caller invalidates in the cache.
 */
export async function revokeLoginsOfUser(
  tx: Transaction,
  { clock }: { clock: Clock },
  { userId, event }: { userId: string; event: (logins: number) => AuditEvent },
): Promise<string[]> {
  // Before the logins: it waits for a redemption in progress, whose login is then revoked too.
  await withdrawApprovals(tx, userId);
  await withdrawAuthorizationCodes(tx, userId);
  const logins = await revokeRefreshTokenFamilies(tx, {
    userId,
    reason: "administrator",
    now: new Date(clock.now()),
  });
  await recordAuditEvent(tx, clock, event(logins.length));
  return logins;
}
