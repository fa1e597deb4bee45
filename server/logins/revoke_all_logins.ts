import type { Clock } from "../../shared/clock.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { withdrawApprovals } from "../store/device_authorizations.ts";
import { revokeRefreshTokenFamilies } from "../store/refresh_token_families.ts";
import { signOutSessions } from "../store/sessions.ts";
import type { TokenValidator } from "../validation/token_validator.ts";

interface RevokeAllLoginsDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/**
 * Revokes all logins of a user and signs out their browsers, except for one. Approvals that no
 * device has redeemed yet are withdrawn: they would become logins afterwards.
 */
export async function revokeAllLogins(
  { sql, clock, tokenValidator }: RevokeAllLoginsDeps,
  { userId, exceptSession, address }: { userId: string; exceptSession: string; address: string },
): Promise<{ logins: number; browsers: number }> {
  const now = new Date(clock.now());
  const { logins, browsers } = await sql.begin(async (tx) => {
    const logins = await revokeRefreshTokenFamilies(tx, { userId, reason: "user", now });
    await withdrawApprovals(tx, userId);
    const browsers = await signOutSessions(tx, { userId, except: exceptSession, now });
    await recordAuditEvent(tx, clock, {
      event: "logins.all_revoked",
      actor: userId,
      subject: userId,
      address,
      details: { logins: logins.length, browsers },
    });
    return { logins, browsers };
  }) as { logins: string[]; browsers: number };
  for (const id of logins) tokenValidator.invalidate(`login:${id}`);
  return { logins: logins.length, browsers };
}
