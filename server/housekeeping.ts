import type { AppParts } from "./app_parts.ts";
import { warnOfExpiry } from "./personal_access_tokens/expiry_warnings.ts";
import { deleteOldDeviceAuthorizations } from "./store/device_authorizations.ts";
import { deleteOldFailedAttempts } from "./store/failed_attempts.ts";
import { deleteOldRefreshTokenFamilies } from "./store/refresh_token_families.ts";
import { deleteOldRevokedAccessTokens } from "./store/revoked_access_tokens.ts";
import { deleteOldSessions } from "./store/sessions.ts";
import { deleteExpiredSigningKeys } from "./store/signing_keys.ts";
import { deleteOldAssertions } from "./store/trust_rules.ts";

const INTERVAL = 5 * 60_000;
const DAY = 86_400_000;

/**
 * Removes what has ended. Spent refresh families stay a while, so that a late
 * answer can still say what happened to a login.
 */
export async function cleanUp({ sql, clock }: Pick<AppParts, "sql" | "clock">): Promise<void> {
  const now = clock.now();
  const dayAgo = new Date(now - DAY);
  await deleteOldDeviceAuthorizations(sql, dayAgo);
  await deleteOldFailedAttempts(sql, dayAgo);
  await deleteOldRevokedAccessTokens(sql, new Date(now));
  await deleteOldAssertions(sql, new Date(now));
  await deleteOldSessions(sql, new Date(now));
  await deleteOldRefreshTokenFamilies(sql, new Date(now - 30 * DAY));
  await deleteExpiredSigningKeys(sql, new Date(now));
}

/** Cleans up and tends the signing keys every few minutes, until stopped. */
export function startHousekeeping(parts: AppParts): { stop(): Promise<void> } {
  let running = Promise.resolve();
  const round = async () => {
    try {
      await cleanUp(parts);
      await parts.keys.maintain();
      await warnOfExpiry(parts);
    } catch (error) {
      parts.log("error", "housekeeping_failed", { reason: (error as Error).message });
    }
  };
  const timer = setInterval(() => running = running.then(round), INTERVAL);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
