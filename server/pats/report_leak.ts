import type { AppParts } from "../app_parts.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { findTokensByHash } from "../store/pats/find.ts";
import { recordLeaks } from "../store/pats/leaks.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { revokePersonalAccessTokens } from "../store/pats/write.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { tokenHashHex } from "../tokens/token_hash.ts";
import { notifyOwner } from "./notify_owner.ts";

/** Longest place of a leak we keep, in characters. */
const MAX_PLACE_LENGTH = 500;
/** Whoever reports a living token again tells its owner nothing new for so long, in ms. */
const TOLD_AGAIN_AFTER = 86_400_000;

/** A token that somebody found where it does not belong. */
export interface FoundToken {
  token: string;
  /** Where it lies, if told: an address. */
  place?: string;
}

/** What became of a found token. */
export interface LeakReportResult {
  /** Whether it is, or was, a token of ours. */
  ours: boolean;
  /** Whether it counts no more, now. */
  ended: boolean;
  /** Whether the report changed anything. */
  news: boolean;
}

/**
 * Judges tokens that were found in the open: by checksum first, which costs
 * nothing, then all in one look-up. Those of ours end, if the policy says so,
 * and their owners are told in any case: with the token itself, by the webhook,
 * and by e-mail.
 */
export async function reportLeakedTokens(
  parts: Pick<
    AppParts,
    "sql" | "clock" | "config" | "tokenValidator" | "webhook" | "mail" | "issuer"
  >,
  found: readonly FoundToken[],
  reporter: { name: string; address: string; proven: boolean },
): Promise<LeakReportResult[]> {
  const { sql, clock, config, tokenValidator } = parts;
  const hashes = found.map(({ token }) =>
    isPersonalAccessToken(token) ? tokenHashHex(token) : undefined
  );
  const known = await findTokensByHash(
    sql,
    [...new Set(hashes.filter((hash) => hash !== undefined))],
  );
  if (known.size === 0) return found.map(() => ({ ours: false, ended: false, news: false }));
  const now = new Date(clock.now());
  const revoke = config.personalAccessTokens.revokeLeaked;
  const leaks = [...known].map(([hash, token]) => ({
    token,
    id: token.id,
    place: placeOf(found[hashes.indexOf(hash)]),
  }));
  const unlessSince = new Date(now.getTime() - TOLD_AGAIN_AFTER);
  const { noted, ended } = await sql.begin(async (tx) => {
    const noted = new Set(
      await recordLeaks(tx, { leaks, reporter: reporter.name, now, unlessSince }),
    );
    const reason = `leaked, reported by ${reporter.name}`;
    const ids = revoke ? leaks.map(({ id }) => id) : [];
    const ended = new Set(await revokePersonalAccessTokens(tx, { ids, reason, now }));
    for (const { token, id, place } of leaks) {
      if (!noted.has(id) && !ended.has(id)) continue;
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
          revoked: revoke,
        },
      });
    }
    return { noted, ended };
  });
  for (const { token, id, place } of leaks) {
    tokenValidator.invalidate(`token:${id}`);
    if (!noted.has(id) && !ended.has(id)) continue;
    notifyOwner(parts, {
      type: "token.leaked",
      token,
      place,
      reporter: reporter.name,
      proven: reporter.proven,
      revoked: revoke,
    });
  }
  return hashes.map((hash) => {
    const token = hash === undefined ? undefined : known.get(hash);
    if (token === undefined) return { ours: false, ended: false, news: false };
    return {
      ours: true,
      ended: ended.has(token.id) || hasEnded(token, now),
      news: noted.has(token.id) || ended.has(token.id),
    };
  });
}

function hasEnded(token: PersonalAccessToken, now: Date): boolean {
  return token.revokedAt !== undefined || (token.expiresAt !== undefined && token.expiresAt <= now);
}

/** Without what the database cannot hold: a token must end whatever its reporter writes. */
function placeOf({ place = "" }: FoundToken): string | null {
  const text = place.slice(0, MAX_PLACE_LENGTH).replaceAll("\0", "").toWellFormed();
  return text === "" ? null : text;
}
