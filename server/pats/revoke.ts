import type { Clock } from "../../shared/clock.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import {
  lockTokenOwner,
  revokePersonalAccessTokens,
  revokeTokensCreatedByLogin,
  revokeTokensOfOwner,
} from "../store/pats/write.ts";
import { type Actor, auditToken } from "./audit.ts";

export interface RevokeTokenDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: { invalidate(subject: string): void };
}

/**
 * Revokes a token on every replica within a second. One that is revoked or expired stays as it is.
 */
export async function revokeToken(
  deps: RevokeTokenDeps,
  { token, actor, reason = reasonOf(actor, token.owner.id) }: {
    token: PersonalAccessToken;
    actor: Actor;
    reason?: string;
  },
): Promise<void> {
  const now = new Date(deps.clock.now());
  await deps.sql.begin(async (tx) => {
    const revoked = await revokePersonalAccessTokens(tx, { ids: [token.id], reason, now });
    if (revoked.length > 0) await auditToken(tx, deps, "token.revoked", token, actor);
  });
  deps.tokenValidator.invalidate(`token:${token.id}`);
}

/**
 * Revokes the active tokens that were created with a login that is revoked in the same
 * transaction; returns their ids, for the cache.
 */
export async function revokeTokensOfLogin(
  tx: Transaction,
  deps: { clock: Clock },
  { loginId, actor }: { loginId: string; actor: Actor },
): Promise<string[]> {
  const now = new Date(deps.clock.now());
  const tokens = await revokeTokensCreatedByLogin(tx, { loginId, reason: "login", now });
  for (const token of tokens) await auditToken(tx, deps, "token.revoked", token, actor);
  return tokens.map(({ id }) => id);
}

/** Revokes all active tokens of an owner, or none of them; returns how many. */
export async function revokeAllTokens(
  deps: RevokeTokenDeps,
  { ownerId, actor }: { ownerId: string; actor: Actor },
): Promise<number> {
  const now = new Date(deps.clock.now());
  const reason = reasonOf(actor, ownerId);
  const revoked = await deps.sql.begin(async (tx) => {
    // No token is created or rotated meanwhile.
    await lockTokenOwner(tx, ownerId);
    const tokens = await revokeTokensOfOwner(tx, { ownerId, reason, now });
    for (const token of tokens) await auditToken(tx, deps, "token.revoked", token, actor);
    return tokens;
  }) as PersonalAccessToken[];
  for (const { id } of revoked) deps.tokenValidator.invalidate(`token:${id}`);
  return revoked.length;
}

function reasonOf(actor: Actor, ownerId: string): "owner" | "administrator" {
  return actor.id === ownerId ? "owner" : "administrator";
}
