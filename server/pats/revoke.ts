import type { AppParts } from "../app_parts.ts";
import type { Transaction } from "../store/db/connect.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import {
  lockTokenOwner,
  revokePersonalAccessTokens,
  revokeTokensCreatedByLogin,
  revokeTokensOfOwner,
} from "../store/pats/write.ts";
import { type Actor, auditToken } from "./create.ts";

/** Ends a token at once, everywhere within a second. One that has ended already stays as it is. */
export async function revokeToken(
  parts: Pick<AppParts, "sql" | "clock" | "tokenValidator">,
  { token, reason, actor }: { token: PersonalAccessToken; reason: string; actor: Actor },
): Promise<void> {
  const now = new Date(parts.clock.now());
  await parts.sql.begin(async (tx) => {
    const ended = await revokePersonalAccessTokens(tx, { ids: [token.id], reason, now });
    if (ended.length > 0) await auditToken(tx, parts, "token.revoked", token, actor);
  });
  parts.tokenValidator.invalidate(`token:${token.id}`);
}

/**
 * Revokes the living tokens that were created with a login that is revoked in the same
 * transaction; returns their ids, for the cache.
 */
export async function revokeTokensOfLogin(
  tx: Transaction,
  { clock }: Pick<AppParts, "clock">,
  { loginId, actor }: { loginId: string; actor: Actor },
): Promise<string[]> {
  const now = new Date(clock.now());
  const revoked = await revokeTokensCreatedByLogin(tx, { loginId, reason: "login", now });
  for (const token of revoked) await auditToken(tx, { clock }, "token.revoked", token, actor);
  return revoked.map(({ id }) => id);
}

/** Ends all living tokens of one owner, or none of them; returns how many. */
export async function revokeAllTokens(
  parts: Pick<AppParts, "sql" | "clock" | "tokenValidator">,
  { ownerId, reason, actor }: { ownerId: string; reason: string; actor: Actor },
): Promise<number> {
  const now = new Date(parts.clock.now());
  const ended = await parts.sql.begin(async (tx) => {
    // None is made or rotated meanwhile.
    await lockTokenOwner(tx, ownerId);
    const found = await revokeTokensOfOwner(tx, { ownerId, reason, now });
    for (const token of found) await auditToken(tx, parts, "token.revoked", token, actor);
    return found;
  }) as PersonalAccessToken[];
  for (const { id } of ended) parts.tokenValidator.invalidate(`token:${id}`);
  return ended.length;
}
