import { withdrawAuthorizationCodesOfClient } from "../store/authorization_codes.ts";
import { deleteConsentsOfClient } from "../store/consents.ts";
import { denyDeviceAuthorizationsOfClient } from "../store/device_authorizations.ts";
import type { Transaction } from "../store/db/connect.ts";
import { revokeRefreshTokenFamiliesOfClient } from "../store/refresh_token_families.ts";

/**
 * Revokes all logins of a client that is removed, and withdraws the requests and approvals that
 * would become logins. Returns the number of logins; triggers of the database invalidate the
 * caches. The caller records the audit event.
 */
export async function revokeClientLogins(
  tx: Transaction,
  { clientId, now }: { clientId: string; now: Date },
): Promise<number> {
  // Before the logins: it waits for a redemption in progress, whose login is then revoked too.
  await denyDeviceAuthorizationsOfClient(tx, clientId);
  await withdrawAuthorizationCodesOfClient(tx, clientId);
  await deleteConsentsOfClient(tx, clientId);
  const logins = await revokeRefreshTokenFamiliesOfClient(tx, {
    clientId,
    reason: "client_removed",
    now,
  });
  return logins.length;
}
