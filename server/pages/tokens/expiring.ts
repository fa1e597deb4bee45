import type { Clock } from "../../../shared/clock.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";

interface ExpiringTokensDeps {
  sql: Sql;
  clock: Clock;
}

/** Whether an active token of the owner expires soon. */
export async function hasExpiringToken(
  deps: ExpiringTokensDeps,
  ownerId: string,
): Promise<boolean> {
  return (await listExpiringTokens(deps, ownerId, 1)).length > 0;
}

/** Active tokens of the owner that expire soon and were not replaced. */
export async function listExpiringTokens(
  { sql, clock }: ExpiringTokensDeps,
  ownerId: string,
  limit: number,
): Promise<PersonalAccessToken[]> {
  const now = clock.now();
  return await listPersonalAccessTokens(sql, {
    ownerId,
    status: { at: new Date(now), active: true },
    expiringSoonAt: new Date(now),
    limit,
  });
}
