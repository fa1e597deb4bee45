import type { AppParts } from "./app_parts.ts";
import { sendExpiryReminders } from "./pats/expiry_reminders.ts";
import { deleteOldAuditEvents } from "./store/audit_events.ts";
import { deleteOldDeviceAuthorizations } from "./store/device_authorizations.ts";
import { deleteOldFailedAttempts } from "./store/failed_attempts.ts";
import { deleteOldPersonalAccessTokens } from "./store/pats/expiry.ts";
import { deleteOldRefreshTokenFamilies } from "./store/refresh_token_families.ts";
import { deleteOldRevokedAccessTokens } from "./store/revoked_access_tokens.ts";
import { deleteOldSessions } from "./store/sessions.ts";
import { deleteExpiredSigningKeys } from "./store/signing_keys.ts";
import { deleteOldAssertions } from "./store/trust_rules.ts";

const INTERVAL = 5 * 60_000;
const DAY = 86_400_000;
const PIECE = 10_000;

/**
 * Removes what has ended. Revoked access tokens stay a day longer than they would have
 * lived, since clocks of replicas differ. Spent refresh families stay a while, so that a late
 * answer can still say what happened to a login, and ended sessions, so that an
 * account is known where it signed in before (see server/security/rate_limit.ts).
 */
export async function cleanUp(
  { sql, clock, config }: Pick<AppParts, "sql" | "clock" | "config">,
): Promise<void> {
  const now = clock.now();
  const dayAgo = new Date(now - DAY);
  await all((limit) => deleteOldDeviceAuthorizations(sql, dayAgo, limit));
  await all((limit) => deleteOldFailedAttempts(sql, dayAgo, limit));
  await deleteOldRevokedAccessTokens(sql, dayAgo);
  await deleteOldAssertions(sql, new Date(now));
  await all((limit) => deleteOldSessions(sql, new Date(now - 90 * DAY), limit));
  await all((limit) => deleteOldRefreshTokenFamilies(sql, new Date(now - 30 * DAY), limit));
  const auditedUntil = new Date(now - config.auditRetention * 1000);
  await all((limit) => deleteOldAuditEvents(sql, auditedUntil, limit));
  await all((limit) => deleteOldPersonalAccessTokens(sql, auditedUntil, limit));
  await deleteExpiredSigningKeys(sql, new Date(now));
}

/** Deletes piece by piece, so that no statement takes long, until nothing is left to delete. */
async function all(deletePiece: (limit: number) => Promise<number>): Promise<void> {
  while (await deletePiece(PIECE) === PIECE);
}

/**
 * One round: cleans up, tends the signing keys and warns of tokens that expire. One that
 * fails keeps no other from its turn.
 */
export async function keepHouse(parts: AppParts): Promise<void> {
  const tasks: Record<string, () => Promise<void>> = {
    clean_up: () => cleanUp(parts),
    signing_keys: () => parts.keys.maintain(),
    expiry_warnings: () => sendExpiryReminders(parts),
  };
  for (const [task, run] of Object.entries(tasks)) {
    try {
      await run();
    } catch (error) {
      parts.log("error", "housekeeping_failed", { task, reason: (error as Error).message });
    }
  }
}

/** Does a round every few minutes, until stopped. */
export function startHousekeeping(parts: AppParts): { stop(): Promise<void> } {
  let running = Promise.resolve();
  const timer = setInterval(() => running = running.then(() => keepHouse(parts)), INTERVAL);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
