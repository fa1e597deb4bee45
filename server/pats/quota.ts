import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import type { Transaction } from "../store/db/connect.ts";
import { countTokensOfOwner } from "../store/pats/list.ts";
import type { TokenOwner } from "../store/pats/types.ts";

const DAY_MS = 86_400_000;

export type QuotaConfig = {
  personalAccessTokens: Pick<ServerConfig["personalAccessTokens"], "maxPerOwner">;
};

/**
 * Counts active tokens and those created within a day, revoked or not: else creating and revoking
 * in turn would fill the table. A rotation (`rotating`) counts the latter only, since it adds no
 * active token. Lock the owner first, or others count at the same time.
 */
export async function checkQuota(
  tx: Transaction,
  deps: { config: QuotaConfig; clock: Clock },
  owner: TokenOwner,
  { rotating }: { rotating: boolean },
): Promise<DomainError | undefined> {
  const { maxPerOwner } = deps.config.personalAccessTokens;
  const now = deps.clock.now();
  const count = await countTokensOfOwner(tx, owner.id, {
    activeAt: rotating ? undefined : new Date(now),
    createdAfter: new Date(now - DAY_MS),
  });
  if (count < maxPerOwner) return undefined;
  return new DomainError(
    "conflict",
    `${owner.username} has ${count} of at most ${maxPerOwner} tokens, counting revoked and ` +
      "expired ones that are less than a day old. Revoke tokens that are not needed, or try " +
      "again tomorrow.",
  );
}
