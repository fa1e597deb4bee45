import type { AppParts } from "../app_parts.ts";
import type { Transaction } from "../store/db/connect.ts";
import { countTokensOfOwner } from "../store/pats/list.ts";
import type { TokenOwner } from "../store/pats/types.ts";
import { DomainError } from "../domain_error.ts";

const DAY = 86_400_000;

/**
 * A refusal once somebody has as many tokens as the operator allows. Those that were
 * made within a day count even when they have ended, or revoking and making in turn
 * would fill the table; where one replaces another (`replacing`), they alone do. The
 * owner must be locked, or others count at the same time.
 */
export async function checkQuota(
  tx: Transaction,
  { config, clock }: Pick<AppParts, "config" | "clock">,
  owner: TokenOwner,
  { replacing }: { replacing: boolean },
): Promise<DomainError | undefined> {
  const { maxPerOwner } = config.personalAccessTokens;
  const now = clock.now();
  const count = await countTokensOfOwner(tx, owner.id, {
    activeAt: replacing ? undefined : new Date(now),
    createdAfter: new Date(now - DAY),
  });
  if (count < maxPerOwner) return undefined;
  return new DomainError(
    "conflict",
    `${owner.username} has ${count} tokens, counting those made within a day, and may have ` +
      `${maxPerOwner}. Revoke what is not needed, or wait.`,
  );
}
