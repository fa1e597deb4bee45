import type { Clock } from "../shared/clock.ts";
import type { ServerConfig } from "./config/server_config.ts";
import type { Log } from "./log.ts";
import { logFailure } from "./request_log.ts";
import { type ExpiryRemindersDeps, sendExpiryReminders } from "./pats/expiry_reminders.ts";
import type { Rechecks } from "./shared_signals/rechecks.ts";
import { deleteOldAddressLinks } from "./store/address_links.ts";
import { TRUST_REQUEST_AGE_MS } from "./federation/record_trust_request.ts";
import { deleteOldAuditEvents } from "./store/audit_events.ts";
import { deleteOldAuthorizationCodes } from "./store/authorization_codes.ts";
import { deleteOldDeviceAuthorizations } from "./store/device_authorizations.ts";
import { deleteOldFailedAttempts } from "./store/failed_attempts.ts";
import type { Sql } from "./store/db/connect.ts";
import { deleteUnusedDocumentClients } from "./store/document_clients.ts";
import { deleteOldDelegatedTokens } from "./store/delegated_tokens.ts";
import { deleteOldProviderTests } from "./store/identity_provider_tests.ts";
import { deleteOldPasskeyChallenges } from "./store/passkeys.ts";
import { deleteOldPendingSignIns } from "./store/pending_sign_ins.ts";
import { deleteOldTotpEnrollments } from "./store/totp_authenticators.ts";
import { deleteOldPasswordLinks } from "./store/password_links.ts";
import { deleteOldPersonalAccessTokens } from "./store/pats/expiry.ts";
import { deleteOldQueuedSignIns } from "./store/queued_sign_ins.ts";
import { deleteOldRefreshTokenFamilies } from "./store/refresh_token_families.ts";
import { deleteOldRevokedAccessTokens } from "./store/revoked_access_tokens.ts";
import { deleteOldSessions } from "./store/sessions.ts";
import { deleteExpiredSigningKeys } from "./store/signing_keys.ts";
import { deleteOldUpstreamSignIns } from "./store/upstream_sign_ins.ts";
import { deleteOldTrustRequests } from "./store/trust_requests.ts";
import { deleteOldAssertions } from "./store/used_assertions.ts";
import type { SigningKeys } from "./tokens/signing_keys.ts";

const INTERVAL_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
/** Rows that one statement deletes at most, so that none takes long. */
const BATCH_SIZE = 10_000;

export interface CleanUpDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "auditRetention">;
}

/**
 * Deletes rows that are no longer needed. Revoked and narrow access tokens stay a day beyond their lifetime,
 * since the clocks of replicas differ. Revoked and expired logins stay, so that an error can say
 * what happened to them. Browser sessions stay after they expired, since rate limits depend on the
 * addresses that an account has signed in from (server/security/rate_limit.ts).
 */
export async function cleanUp({ sql, clock, config }: CleanUpDeps): Promise<void> {
  const now = clock.now();
  const dayAgo = new Date(now - DAY_MS);
  await deleteAll((limit) => deleteOldDeviceAuthorizations(sql, dayAgo, limit));
  // A day, so that a code that is replayed revokes what it was redeemed for.
  await deleteAll((limit) => deleteOldAuthorizationCodes(sql, dayAgo, limit));
  await deleteAll((limit) => deleteOldFailedAttempts(sql, dayAgo, limit));
  await deleteOldRevokedAccessTokens(sql, dayAgo);
  await deleteAll((limit) => deleteOldDelegatedTokens(sql, dayAgo, limit));
  // A link that was used or has expired says so for a week.
  await deleteAll((limit) => deleteOldPasswordLinks(sql, new Date(now - 7 * DAY_MS), limit));
  await deleteAll((limit) => deleteOldAddressLinks(sql, dayAgo, limit));
  await deleteAll((limit) => deleteOldPasskeyChallenges(sql, dayAgo, limit));
  await deleteAll((limit) => deleteOldPendingSignIns(sql, new Date(now), limit));
  await deleteAll((limit) => deleteOldTotpEnrollments(sql, new Date(now), limit));
  await deleteAll((limit) =>
    deleteOldTrustRequests(sql, new Date(now - TRUST_REQUEST_AGE_MS), limit)
  );
  await deleteOldAssertions(sql, new Date(now));
  await deleteAll((limit) => deleteOldUpstreamSignIns(sql, dayAgo, limit));
  await deleteAll((limit) => deleteOldProviderTests(sql, dayAgo, limit));
  await deleteAll((limit) => deleteOldQueuedSignIns(sql, new Date(now - 90 * DAY_MS), limit));
  await deleteAll((limit) => deleteOldSessions(sql, new Date(now - 90 * DAY_MS), limit));
  await deleteAll((limit) =>
    deleteOldRefreshTokenFamilies(sql, new Date(now - 30 * DAY_MS), limit)
  );
  await deleteAll((limit) => deleteUnusedDocumentClients(sql, new Date(now - 30 * DAY_MS), limit));
  const auditedUntil = new Date(now - config.auditRetention * 1000);
  await deleteAll((limit) => deleteOldAuditEvents(sql, auditedUntil, limit));
  await deleteAll((limit) => deleteOldPersonalAccessTokens(sql, auditedUntil, limit));
  await deleteExpiredSigningKeys(sql, new Date(now));
}

async function deleteAll(deleteBatch: (limit: number) => Promise<number>): Promise<void> {
  while (await deleteBatch(BATCH_SIZE) === BATCH_SIZE);
}

export interface PeriodicTasksDeps extends CleanUpDeps, ExpiryRemindersDeps {
  config: CleanUpDeps["config"] & ExpiryRemindersDeps["config"];
  keys: Pick<SigningKeys, "maintain">;
  rechecks: Pick<Rechecks, "runDue">;
  log: Log;
}

/** Cleans up, rotates signing keys and sends reminders. A task that fails does not affect others. */
export async function runPeriodicTasks(deps: PeriodicTasksDeps): Promise<void> {
  const tasks: Record<string, () => Promise<void>> = {
    clean_up: () => cleanUp(deps),
    signing_keys: () => deps.keys.maintain(),
    expiry_reminders: () => sendExpiryReminders(deps),
    rechecks: () => deps.rechecks.runDue(),
  };
  for (const [task, run] of Object.entries(tasks)) {
    try {
      await run();
    } catch (error) {
      logFailure(deps.log, "periodic_task_failed", error, { task });
    }
  }
}

/** Runs the tasks every five minutes until stopped. */
export function startPeriodicTasks(deps: PeriodicTasksDeps): { stop(): Promise<void> } {
  let running = Promise.resolve();
  const timer = setInterval(
    () => running = running.then(() => runPeriodicTasks(deps)),
    INTERVAL_MS,
  );
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
