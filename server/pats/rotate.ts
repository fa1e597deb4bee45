import { parseScope } from "../../shared/oauth/scope.ts";
import { MAX_OVERLAP_SECONDS } from "../../shared/tokens/limits.ts";
import type { AppParts } from "../app_parts.ts";
import { limitPatScope } from "../scopes.ts";
import {
  insertPersonalAccessToken,
  limitTokenExpiry,
  lockPersonalAccessToken,
  lockTokenOwner,
} from "../store/pats/write.ts";
import { makePersonalAccessToken } from "../tokens/personal_access_token.ts";
import { type Actor, auditToken, checkLogin, type MadeToken, newToken } from "./create.ts";
import type { PatOwner } from "./owner.ts";
import { checkQuota } from "./quota.ts";
import { DomainError } from "../domain_error.ts";
import { applyPolicy } from "./policy.ts";

/**
 * Whether somebody who may see a token may rotate it: whoever does holds the new
 * one, and nobody gets a token that speaks for another person.
 */
export function mayRotate(
  user: { id: string },
  { owner }: { owner: PatOwner["owner"] },
): boolean {
  return owner.kind === "service_account" || owner.id === user.id;
}

/**
 * Gives a token a successor with a new secret. The old one lives on for `overlap`
 * seconds, so that what uses it can be changed over. The new one lives as long as
 * the old one was given, unless `lifetime` says otherwise, and carries what its
 * owner still has of the old one's scopes.
 */
export async function rotateToken(
  parts: Pick<AppParts, "sql" | "clock" | "config" | "issuer" | "tokenValidator">,
  { id, newId, holder, overlap, lifetime, actor, approvedScopes }: {
    id: string;
    /** Of the successor, where a repeat must not be taken for another wish. */
    newId?: string;
    holder: PatOwner;
    overlap: number;
    lifetime?: number | null;
    actor: Actor;
    /** See PatRequest. */
    approvedScopes?: readonly string[];
  },
): Promise<MadeToken | DomainError> {
  if (!Number.isInteger(overlap) || overlap < 0 || overlap > MAX_OVERLAP_SECONDS) {
    return new DomainError(
      "invalid",
      `The overlap is 0 to ${MAX_OVERLAP_SECONDS} seconds (30 days).`,
      { field: "overlap" },
    );
  }
  const now = parts.clock.now();
  const result = await parts.sql.begin(async (tx) => {
    await lockTokenOwner(tx, holder.owner.id);
    const revoked = await checkLogin(tx, parts, actor);
    if (revoked !== undefined) return revoked;
    const old = await lockPersonalAccessToken(tx, id);
    if (old === undefined) return new DomainError("not_found", "There is no such token.");
    if (old.revokedAt !== undefined) {
      return new DomainError("conflict", "The token was revoked. Make a new one.");
    }
    if (old.expiresAt !== undefined && old.expiresAt.getTime() <= now) {
      return new DomainError("conflict", "The token has expired. Make a new one.");
    }
    const refusal = await checkQuota(tx, parts, holder.owner, { replacing: true });
    if (refusal !== undefined) return refusal;
    const granted = applyPolicy(parts.config, holder, {
      name: old.name,
      scopes: parseScope(limitPatScope(parts.config.scopes, holder, old.scope)) ?? [],
      lifetime: lifetime === undefined ? sameLifetime(parts, old) : lifetime,
      allowedAddresses: old.allowedAddresses,
      approvedScopes,
    }, now);
    if (granted instanceof DomainError) return granted;
    const secret = makePersonalAccessToken();
    const token = newToken(parts, {
      ...granted,
      owner: holder.owner,
      secret,
      rotatedFrom: id,
      createdByLogin: actor.loginId,
      id: newId,
    });
    if (!await insertPersonalAccessToken(tx, token)) {
      return new DomainError("conflict", "The token was rotated already. Rotate its successor.");
    }
    await limitTokenExpiry(tx, { id, expiresAt: new Date(now + overlap * 1000) });
    await auditToken(tx, parts, "token.rotated", token, actor);
    return { secret, token: { ...token, owner: holder.owner } };
  }) as MadeToken | DomainError;
  parts.tokenValidator.invalidate(`token:${id}`);
  return result;
}

/** As long as the old one was given, within what the policy allows by now. */
function sameLifetime(
  { config }: Pick<AppParts, "config">,
  old: { createdAt: Date; expiresAt?: Date },
): number | null {
  const { maxLifetime, neverExpire } = config.personalAccessTokens;
  if (old.expiresAt === undefined) return neverExpire ? null : maxLifetime;
  const given = Math.round((old.expiresAt.getTime() - old.createdAt.getTime()) / 1000);
  return Math.min(Math.max(given, 1), maxLifetime);
}
