import { Buffer } from "node:buffer";
import type { AppParts } from "../app_parts.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import {
  findTokensByHash,
  type PersonalAccessToken,
  revokePersonalAccessTokens,
} from "../store/personal_access_tokens.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { tokenHash } from "../tokens/token_hash.ts";

/** Longest place of a leak we keep, in characters. */
const MAX_PLACE_LENGTH = 500;

/** A token that somebody found where it does not belong. */
export interface FoundToken {
  token: string;
  /** Where it lies, if told: an address. */
  place?: string;
}

/** What became of a found token. */
export interface LeakJudgement {
  /** Whether it is, or was, a token of ours. */
  ours: boolean;
  /** Whether it counts no more, now. */
  ended: boolean;
}

/**
 * Judges tokens that were found in the open: by checksum first, which costs
 * nothing, then all in one look-up. Those of ours end, if the policy says so,
 * and their owners are told in any case: by the audit log and the webhook.
 */
export async function reportLeakedTokens(
  parts: Pick<AppParts, "sql" | "clock" | "config" | "tokenCheck" | "webhook">,
  found: readonly FoundToken[],
  reporter: { name: string; address: string },
): Promise<LeakJudgement[]> {
  const { sql, clock, config, tokenCheck, webhook } = parts;
  const hashes = found.map(({ token }) =>
    isPersonalAccessToken(token) ? hexHash(token) : undefined
  );
  const known = await findTokensByHash(
    sql,
    [...new Set(hashes.filter((hash) => hash !== undefined))],
  );
  const now = new Date(clock.now());
  const revoke = config.personalAccessTokens.revokeLeaked;
  const ids = [...known.values()].map(({ id }) => id);
  const ended = new Set<string>();
  await sql.begin(async (tx) => {
    if (revoke) {
      const reason = `leaked, reported by ${reporter.name}`;
      for (const id of await revokePersonalAccessTokens(tx, { ids, reason, now })) ended.add(id);
    }
    for (const [hash, token] of known) {
      if (hasEnded(token, now)) continue;
      await recordAuditEvent(tx, clock, {
        event: "token.leaked",
        actor: reporter.name,
        subject: token.id,
        address: reporter.address,
        details: {
          owner: token.owner.id,
          name: token.name,
          prefix: token.prefix,
          place: placeOf(found[hashes.indexOf(hash)]),
          revoked: revoke,
        },
      });
    }
  });
  for (const [hash, token] of known) {
    tokenCheck.changed(`token:${token.id}`);
    // Whoever reports it again and again tells the owner nothing new.
    if (hasEnded(token, now)) continue;
    webhook.tell({
      type: "token.leaked",
      data: {
        ...toldOf(token),
        place: placeOf(found[hashes.indexOf(hash)]),
        reported_by: reporter.name,
        revoked: revoke,
      },
    });
  }
  return hashes.map((hash) => {
    const token = hash === undefined ? undefined : known.get(hash);
    if (token === undefined) return { ours: false, ended: false };
    return { ours: true, ended: ended.has(token.id) || hasEnded(token, now) };
  });
}

/** What a webhook is told of a token and its owner. */
export function toldOf(token: PersonalAccessToken): Record<string, unknown> {
  return {
    token: {
      id: token.id,
      name: token.name,
      prefix: token.prefix,
      expires_at: token.expiresAt?.toISOString() ?? null,
    },
    owner: token.owner,
  };
}

function hexHash(token: string): string {
  return Buffer.from(tokenHash(token)).toString("hex");
}

function hasEnded(token: PersonalAccessToken, now: Date): boolean {
  return token.revokedAt !== undefined || (token.expiresAt !== undefined && token.expiresAt <= now);
}

function placeOf({ place }: FoundToken): string | null {
  return place === undefined || place === "" ? null : place.slice(0, MAX_PLACE_LENGTH);
}
