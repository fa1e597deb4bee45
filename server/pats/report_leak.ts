import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { findTokensByHash } from "../store/pats/find.ts";
import { recordLeaks } from "../store/pats/leaks.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { revokePersonalAccessTokens } from "../store/pats/write.ts";
import { notifyOwner, type NotifyOwnerDeps } from "./notify_owner.ts";

/** In characters. */
const MAX_PLACE_LENGTH = 500;
/** Further reports of an active token do not notify its owner for this long. */
const NOTIFY_AGAIN_AFTER_MS = 86_400_000;

/** A token that was found where it does not belong. */
export interface LeakedToken {
  token: string;
  /** Where it was found, if reported: a URL. */
  place?: string;
}

export interface Reporter {
  name: string;
  address: string;
  /** Whether the reporter's identity was verified. */
  verified: boolean;
}

export interface LeakReportResult {
  /** Whether this server issued it. */
  isOurs: boolean;
  /** Whether it is revoked or expired now. */
  isInactive: boolean;
  /** Whether the report changed anything. */
  isNew: boolean;
}

const UNKNOWN: LeakReportResult = { isOurs: false, isInactive: false, isNew: false };

export interface ReportLeakDeps extends NotifyOwnerDeps {
  sql: Sql;
  clock: Clock;
  config: { personalAccessTokens: Pick<ServerConfig["personalAccessTokens"], "revokeLeaked"> };
  tokenValidator: { invalidate(subject: string): void; patHashes(text: string): string[] };
}

/** A reported token that this server issued. */
interface Leak {
  token: PersonalAccessToken;
  id: string;
  place: string | null;
}

/**
 * Handles a report of leaked tokens: verifies checksums first, which needs no database, then finds
 * all in one query. Tokens of this server are revoked, if the policy says so, and their owners
 * notified.
 */
export async function reportLeakedTokens(
  deps: ReportLeakDeps,
  reported: readonly LeakedToken[],
  reporter: Reporter,
): Promise<LeakReportResult[]> {
  const hashes = reported.map(({ token }) => deps.tokenValidator.patHashes(token));
  const known = await findTokensByHash(deps.sql, [...new Set(hashes.flat())]);
  if (known.size === 0) return reported.map(() => UNKNOWN);
  const now = new Date(deps.clock.now());
  const leaks = [...known].map(([hash, token]): Leak => ({
    token,
    id: token.id,
    place: placeOf(reported[hashes.findIndex((list) => list.includes(hash))]),
  }));
  const { recorded, revoked } = await recordAndRevoke(deps, leaks, reporter, now);
  const isNew = ({ id }: { id: string }) => recorded.has(id) || revoked.has(id);
  for (const leak of leaks) {
    deps.tokenValidator.invalidate(`token:${leak.id}`);
    if (!isNew(leak)) continue;
    notifyOwner(deps, {
      type: "token.leaked",
      token: leak.token,
      place: leak.place,
      reporter: reporter.name,
      reporterVerified: reporter.verified,
      revoked: deps.config.personalAccessTokens.revokeLeaked,
    });
  }
  return hashes.map((list) => {
    const token = list.map((hash) => known.get(hash)).find((row) => row !== undefined);
    return token === undefined ? UNKNOWN : {
      isOurs: true,
      isInactive: revoked.has(token.id) || isInactive(token, now),
      isNew: isNew(token),
    };
  });
}

/** Returns the ids of the tokens whose leak was recorded, and of those that were revoked. */
async function recordAndRevoke(
  { sql, clock, config }: ReportLeakDeps,
  leaks: readonly Leak[],
  reporter: Reporter,
  now: Date,
): Promise<{ recorded: Set<string>; revoked: Set<string> }> {
  const { revokeLeaked } = config.personalAccessTokens;
  const unlessSince = new Date(now.getTime() - NOTIFY_AGAIN_AFTER_MS);
  return await sql.begin(async (tx) => {
    const recorded = new Set(
      await recordLeaks(tx, { leaks, reporter: reporter.name, now, unlessSince }),
    );
    const reason = `leaked, reported by ${reporter.name}`;
    const ids = revokeLeaked ? leaks.map(({ id }) => id) : [];
    const revoked = new Set(await revokePersonalAccessTokens(tx, { ids, reason, now }));
    for (const { token, id, place } of leaks) {
      if (!recorded.has(id) && !revoked.has(id)) continue;
      await recordAuditEvent(tx, clock, {
        event: "token.leaked",
        actor: reporter.name,
        subject: id,
        address: reporter.address,
        details: {
          owner: token.owner.id,
          name: token.name,
          prefix: token.prefix,
          place,
          revoked: revokeLeaked,
        },
      });
    }
    return { recorded, revoked };
  });
}

function isInactive(token: PersonalAccessToken, now: Date): boolean {
  return token.revokedAt !== undefined || (token.expiresAt !== undefined && token.expiresAt <= now);
}

/** Without characters that the database cannot store, which must not prevent the revocation. */
function placeOf({ place = "" }: LeakedToken): string | null {
  const text = place.slice(0, MAX_PLACE_LENGTH).replaceAll("\0", "").toWellFormed();
  return text === "" ? null : text;
}
