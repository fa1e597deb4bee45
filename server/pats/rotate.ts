import { parseScope } from "../../shared/oauth/scope.ts";
import { MAX_OVERLAP_SECONDS } from "../../shared/tokens/limits.ts";
import { DomainError } from "../domain_error.ts";
import { limitPatScope } from "../scopes.ts";
import type { Transaction } from "../store/db/connect.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import {
  insertPersonalAccessToken,
  limitTokenExpiry,
  lockPersonalAccessToken,
  lockTokenOwner,
  revokePersonalAccessTokens,
} from "../store/pats/write.ts";
import { generatePersonalAccessToken } from "../tokens/personal_access_token.ts";
import { checkActive } from "./active.ts";
import { type Actor, auditToken } from "./audit.ts";
import type { CreatedToken, CreateTokenDeps } from "./create.ts";
import { lockActorLogin } from "./login_lock.ts";
import { buildToken } from "./new_token.ts";
import type { PatOwner } from "./owner.ts";
import { applyPolicy, type PolicyConfig } from "./policy.ts";
import { checkQuota } from "./quota.ts";
import type { RevokeTokenDeps } from "./revoke.ts";

export type RotateTokenDeps = CreateTokenDeps & Pick<RevokeTokenDeps, "tokenValidator">;

export interface RotateTokenParams {
  id: string;
  /** The id of the successor: repeating the request does not rotate again. */
  newId?: string;
  owner: PatOwner;
  overlap: number;
  lifetime?: number | null;
  actor: Actor;
  /** See PatRequest. */
  approvedScopes?: readonly string[];
}

/**
 * Creates the successor of a token, with a new secret. The old token works for another `overlap`
 * seconds, so that everything that uses it can be updated. The successor has the old token's
 * lifetime unless `lifetime` is set, and those of its scopes that the owner still has.
 */
export async function rotateToken(
  deps: RotateTokenDeps,
  params: RotateTokenParams,
): Promise<CreatedToken | DomainError> {
  const { id, overlap } = params;
  if (!Number.isInteger(overlap) || overlap < 0 || overlap > MAX_OVERLAP_SECONDS) {
    return new DomainError(
      "invalid",
      `The overlap must be between 0 and ${MAX_OVERLAP_SECONDS} seconds (30 days).`,
      { field: "overlap" },
    );
  }
  const now = deps.clock.now();
  const result = await deps.sql.begin(async (tx) => await rotateLocked(tx, deps, params, now));
  deps.tokenValidator.invalidate(`token:${id}`);
  return result as CreatedToken | DomainError;
}

async function rotateLocked(
  tx: Transaction,
  deps: CreateTokenDeps,
  { id, newId, owner, overlap, lifetime, actor, approvedScopes }: RotateTokenParams,
  now: number,
): Promise<CreatedToken | DomainError> {
  await lockTokenOwner(tx, owner.id);
  const loginRefusal = await lockActorLogin(tx, deps, actor);
  if (loginRefusal !== undefined) return loginRefusal;
  const old = await lockPersonalAccessToken(tx, id);
  if (old === undefined) return new DomainError("not_found", "Token not found.");
  const refusal = checkActive(old, now) ?? await checkQuota(tx, deps, owner, { rotating: true });
  if (refusal !== undefined) return refusal;
  const resource = deps.catalog.ofRow(old.resource);
  if (resource === undefined) {
    return new DomainError(
      "forbidden",
      `The resource ${old.resource} does not exist any more, so the token has no use. Revoke it.`,
    );
  }
  const granted = applyPolicy(deps, owner, {
    name: old.name,
    description: old.description,
    scopes: parseScope(
      limitPatScope(deps.catalog.scopesOf(resource), owner, old.scope),
    ) ?? [],
    resource: resource.name,
    lifetime: lifetime === undefined ? lifetimeOf(deps.config, old) : lifetime,
    allowedAddresses: old.allowedAddresses,
    approvedScopes,
  }, now);
  if (granted instanceof DomainError) return granted;
  const secret = generatePersonalAccessToken();
  const token = buildToken(deps, {
    ...granted,
    owner,
    secret,
    rotatedFrom: id,
    createdByLogin: actor.loginId,
    id: newId,
  });
  if (!await insertPersonalAccessToken(tx, token)) {
    return new DomainError(
      "conflict",
      "The token has already been rotated. Rotate its successor instead.",
    );
  }
  if (overlap === 0) {
    // Not by an expiry, which a replica whose clock is behind would notice late.
    await revokePersonalAccessTokens(tx, { ids: [id], reason: "rotation", now: new Date(now) });
  } else {
    await limitTokenExpiry(tx, { id, expiresAt: new Date(now + overlap * 1000) });
  }
  await auditToken(tx, deps, "token.rotated", token, actor);
  return { secret, token };
}

/** The lifetime that the token was created with, within what the policy allows now. */
function lifetimeOf(
  { personalAccessTokens: { maxLifetime, neverExpire } }: PolicyConfig,
  { createdAt, expiresAt }: Pick<PersonalAccessToken, "createdAt" | "expiresAt">,
): number | null {
  if (expiresAt === undefined) return neverExpire ? null : maxLifetime;
  const seconds = Math.round((expiresAt.getTime() - createdAt.getTime()) / 1000);
  return Math.min(Math.max(seconds, 1), maxLifetime);
}
