import { DomainError } from "../domain_error.ts";
import { subscriberNetwork } from "../http/client_ip.ts";
import { countAttempt } from "../store/failed_attempts.ts";
import {
  type LeakedToken,
  type LeakReportResult,
  type ReportLeakDeps,
  reportLeakedTokens,
} from "./report_leak.ts";

/** Reports from one network that change nothing: more of them are an attempt to guess tokens. */
const REPORT_LIMIT = { limit: 60, windowSeconds: 15 * 60 };

/**
 * Handles the report of an unauthenticated client. It is handled before it is counted, because
 * many clients share an address and every active token must be revoked. Only reports that change
 * nothing count. Text that is not a token needs no lookup and does not count.
 */
export async function reportLeakedTokensWithLimit(
  deps: ReportLeakDeps,
  reported: readonly LeakedToken[],
  reporter: { name: string; address: string },
): Promise<LeakReportResult[] | DomainError> {
  const results = await reportLeakedTokens(deps, reported, { ...reporter, verified: false });
  const needsLookup = reported.some(({ token }) => deps.tokenValidator.patHashes(token).length > 0);
  if (!needsLookup || results.some(({ isNew }) => isNew)) return results;
  const now = new Date(deps.clock.now());
  const { counts: [count], attempt } = await countAttempt(
    deps.sql,
    [{ kind: "leak_report", subject: subscriberNetwork(reporter.address), ...REPORT_LIMIT }],
    now,
    ([{ blockedUntil }]) => blockedUntil === undefined,
  );
  if (attempt !== undefined) return results;
  const seconds = Math.ceil((count.blockedUntil!.getTime() - now.getTime()) / 1000);
  const retryAfterSeconds = Math.max(1, seconds);
  return new DomainError(
    "rate_limited",
    "Too many reports of tokens that are unknown or were reported before. " +
      `Try again in ${retryAfterSeconds} seconds.`,
    { retryAfterSeconds },
  );
}
