import type { Clock } from "../../shared/clock.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import { withdrawAuthorizationCodesOfSessions } from "../store/authorization_codes.ts";
import type { Transaction } from "../store/db/connect.ts";
import { withdrawApprovalsOfSessions } from "../store/device_authorizations.ts";
import { revokeRefreshTokenFamiliesOfSessions } from "../store/refresh_token_families.ts";
import { signOutSessionsById } from "../store/sessions.ts";
import type { RevokedAccess } from "./revoke_user_access.ts";

/**
 * Signs out some browser sessions, withdraws the approvals given in them that no client has redeemed
 * yet, with `withLogins` revokes the logins that were, and records the audit event. Triggers of the
 * database invalidate the caches.
 */
export async function revokeSessionAccess(
  tx: Transaction,
  { clock }: { clock: Clock },
  { sessionIds, withLogins, reason, event }: {
    sessionIds: readonly string[];
    withLogins: boolean;
    reason: "upstream_logout";
    event: (revoked: RevokedAccess) => AuditEvent;
  },
): Promise<RevokedAccess> {
  const now = new Date(clock.now());
  const browsers = await signOutSessionsById(tx, { ids: sessionIds, now });
  // Before the logins: it waits for a redemption in progress, whose login is then revoked too.
  await withdrawApprovalsOfSessions(tx, sessionIds);
  await withdrawAuthorizationCodesOfSessions(tx, sessionIds);
  const logins = withLogins
    ? await revokeRefreshTokenFamiliesOfSessions(tx, { sessionIds, reason, now })
    : [];
  const revoked = { logins, browsers };
  await recordAuditEvent(tx, clock, event(revoked));
  return revoked;
}
