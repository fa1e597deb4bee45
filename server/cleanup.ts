/**
 * What is deleted when it is no longer needed: each table with its retention. Revoked and narrow
 * access tokens stay a day beyond their lifetime, since the clocks of replicas differ. Revoked and
 * expired logins stay, so that an error can say what happened to them. Browser sessions stay after
 * they expired, since rate limits depend on the addresses that an account has signed in from
 * (server/security/rate_limit.ts).
 */
import type { Clock } from "../shared/clock.ts";
import type { ServerConfig } from "./config/server_config.ts";
import { maintainAuditLog, type MaintainAuditLogDeps } from "./audit/maintain.ts";
import { TRUST_REQUEST_AGE_MS } from "./federation/record_trust_request.ts";
import { runInBatches } from "./replicas/batches.ts";
import { deleteOldAddressLinks } from "./store/address_links.ts";
import { deleteOlderEvents } from "./store/audit_log/older_events.ts";
import { deleteOldAuthorizationCodes } from "./store/authorization_codes.ts";
import type { Sql } from "./store/db/connect.ts";
import { deleteOldDelegatedTokens } from "./store/delegated_tokens.ts";
import { deleteOldDeviceAuthorizations } from "./store/device_authorizations.ts";
import { deleteUnusedDocumentClients } from "./store/document_clients.ts";
import { deleteOldFailedAttempts } from "./store/failed_attempts.ts";
import { deleteOldProviderTests } from "./store/identity_provider_tests.ts";
import { deleteOldPasskeyChallenges } from "./store/passkeys.ts";
import { deleteOldPasswordLinks } from "./store/password_links.ts";
import { deleteOldPersonalAccessTokens } from "./store/pats/expiry.ts";
import { deleteOldPendingSignIns } from "./store/pending_sign_ins.ts";
import { deleteOldQueuedSignIns } from "./store/queued_sign_ins.ts";
import { deleteOldRateBuckets } from "./store/rate_buckets.ts";
import {
  deleteOldRefreshTokenFamilies,
  sweepUnusedRefreshTokenFamilies,
} from "./store/refresh_token_families.ts";
import { deleteOldReplicas } from "./store/replicas.ts";
import { deleteOldRevokedAccessTokens } from "./store/revoked_access_tokens.ts";
import { deleteOldSessions } from "./store/sessions.ts";
import { deleteExpiredSigningKeys } from "./store/signing_keys.ts";
import { deleteOldTotpEnrollments } from "./store/totp_authenticators.ts";
import { deleteOldTrustRequests } from "./store/trust_requests.ts";
import { deleteOldUpstreamSignIns } from "./store/upstream_sign_ins.ts";
import { deleteOldAssertions } from "./store/used_assertions.ts";

const DAY_MS = 86_400_000;
/** Also of those that expired since they were not used: deleteUnusedLogins. */
const LOGIN_KEEP_MS = 30 * DAY_MS;

type RetentionConfig = Pick<ServerConfig, "auditRetention">;

export interface Deletion {
  /** Also the name of the task. */
  table: string;
  /** How long a row is kept after it expired, or after the event it records. */
  keepMs: number | ((config: RetentionConfig) => number);
  /** One statement, which deletes at most `limit` rows from before `before`; returns how many. */
  deleteBatch(sql: Sql, before: Date, limit: number): Promise<number>;
}

const auditRetention = (config: RetentionConfig) => config.auditRetention * 1000;

export const DELETIONS: readonly Deletion[] = [
  {
    table: "device_authorizations",
    keepMs: DAY_MS,
    deleteBatch: deleteOldDeviceAuthorizations,
  },
  // A day, so that a code that is replayed revokes what it was redeemed for.
  { table: "authorization_codes", keepMs: DAY_MS, deleteBatch: deleteOldAuthorizationCodes },
  { table: "failed_attempts", keepMs: DAY_MS, deleteBatch: deleteOldFailedAttempts },
  { table: "rate_buckets", keepMs: 3_600_000, deleteBatch: deleteOldRateBuckets },
  { table: "revoked_access_tokens", keepMs: DAY_MS, deleteBatch: deleteOldRevokedAccessTokens },
  { table: "delegated_tokens", keepMs: DAY_MS, deleteBatch: deleteOldDelegatedTokens },
  // A link that was used or has expired says so for a week.
  { table: "password_links", keepMs: 7 * DAY_MS, deleteBatch: deleteOldPasswordLinks },
  { table: "address_links", keepMs: DAY_MS, deleteBatch: deleteOldAddressLinks },
  { table: "used_passkey_challenges", keepMs: DAY_MS, deleteBatch: deleteOldPasskeyChallenges },
  { table: "pending_sign_ins", keepMs: 0, deleteBatch: deleteOldPendingSignIns },
  { table: "totp_enrollments", keepMs: 0, deleteBatch: deleteOldTotpEnrollments },
  { table: "trust_requests", keepMs: TRUST_REQUEST_AGE_MS, deleteBatch: deleteOldTrustRequests },
  // Another replica, whose clock is behind, still accepts the assertion.
  { table: "used_assertions", keepMs: 3_600_000, deleteBatch: deleteOldAssertions },
  { table: "upstream_sign_ins", keepMs: DAY_MS, deleteBatch: deleteOldUpstreamSignIns },
  { table: "identity_provider_tests", keepMs: DAY_MS, deleteBatch: deleteOldProviderTests },
  { table: "queued_sign_ins", keepMs: 90 * DAY_MS, deleteBatch: deleteOldQueuedSignIns },
  { table: "sessions", keepMs: 90 * DAY_MS, deleteBatch: deleteOldSessions },
  {
    table: "refresh_token_families",
    keepMs: LOGIN_KEEP_MS,
    deleteBatch: deleteOldRefreshTokenFamilies,
  },
  { table: "clients", keepMs: 30 * DAY_MS, deleteBatch: deleteUnusedDocumentClients },
  // Of programs before migration 0029. The audit log: audit/maintain.ts.
  { table: "audit_events", keepMs: auditRetention, deleteBatch: deleteOlderEvents },
  {
    table: "personal_access_tokens",
    keepMs: auditRetention,
    deleteBatch: deleteOldPersonalAccessTokens,
  },
  { table: "signing_keys", keepMs: 0, deleteBatch: deleteExpiredSigningKeys },
  // By the database's clock, which wrote the time.
  {
    table: "replicas",
    keepMs: 0,
    deleteBatch: (sql, _before, limit) => deleteOldReplicas(sql, limit),
  },
];

export interface CleanUpDeps extends MaintainAuditLogDeps {
  sql: Sql;
  clock: Clock;
  config: RetentionConfig;
}

/** Deletes the old rows of one table in batches. Returns how many. */
export async function deleteOldRows(
  { sql, clock, config }: CleanUpDeps,
  { keepMs, deleteBatch }: Deletion,
  signal: AbortSignal,
): Promise<number> {
  const kept = typeof keepMs === "number" ? keepMs : keepMs(config);
  const before = new Date(clock.now() - kept);
  return await runInBatches((limit) => deleteBatch(sql, before, limit), signal);
}

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

/** Deletes logins that expired since they were not used, in one pass over all. Returns how many. */
export async function deleteUnusedLogins(
  { sql, clock }: Pick<CleanUpDeps, "sql" | "clock">,
  signal: AbortSignal,
): Promise<number> {
  const before = new Date(clock.now() - LOGIN_KEEP_MS);
  let after: string | undefined = FIRST_ID;
  let total = 0;
  await runInBatches(async (limit) => {
    const { last, deleted } = await sweepUnusedRefreshTokenFamilies(sql, {
      before,
      after: after!,
      limit,
    });
    after = last;
    total += deleted;
    return last === undefined ? 0 : limit;
  }, signal);
  return total;
}

/** Deletes the old rows of all tables now, without a lease. */
export async function cleanUp(deps: CleanUpDeps): Promise<void> {
  const { signal } = new AbortController();
  await maintainAuditLog(deps, signal);
  for (const deletion of DELETIONS) await deleteOldRows(deps, deletion, signal);
  await deleteUnusedLogins(deps, signal);
}
