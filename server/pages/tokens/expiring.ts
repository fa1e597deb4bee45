import type { Clock } from "../../../shared/clock.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";

/** Whether an active token of the owner expires soon. */
export async function hasExpiringToken(
  { sql, clock }: { sql: Sql; clock: Clock },
  ownerId: string,
): Promise<boolean> {
  const now = clock.now();
  const tokens = await listPersonalAccessTokens(sql, {
    ownerId,
    status: { at: new Date(now), active: true },
    expiringSoonAt: new Date(now),
    limit: 1,
  });
  return tokens.length > 0;
}
