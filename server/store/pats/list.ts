import { nameKey } from "../../../shared/name_key.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import { fromRow, hasNoSuccessor, type TokenRow, withOwner } from "./row.ts";
import type { PersonalAccessToken } from "./types.ts";

/** A place in a list that is ordered from the newest token to the oldest. */
export interface ListPosition {
  createdAt: Date;
  id: string;
}

/**
 * Tokens from the newest on: one owner's, or everybody's. `search` is looked for
 * in names, and at the beginning of tokens. `status` picks those that live at a
 * moment, or those that have ended; `expiringBefore` those that end by themselves
 * before then and have no successor yet. `after` gives those older than a place in
 * the list, `before` the ones just newer, of which there may be more.
 */
export async function listPersonalAccessTokens(
  sql: Sql,
  query: {
    ownerId?: string;
    createdByLogin?: string;
    search?: string;
    status?: { at: Date; active: boolean };
    expiringBefore?: Date;
    after?: ListPosition;
    before?: ListPosition;
    limit: number;
  },
): Promise<PersonalAccessToken[]> {
  const { ownerId, createdByLogin, search, status, expiringBefore, after, before } = query;
  const pattern = (text: string) => text.replace(/[\\%_]/g, "\\$&");
  const rows = await sql<TokenRow[]>`
    ${withOwner(sql)}
    where true
      ${
    ownerId === undefined ? sql`` : sql`and (t.user_id = ${ownerId}
        or t.service_account_id = ${ownerId})`
  }
      ${createdByLogin === undefined ? sql`` : sql`and t.created_by_login = ${createdByLogin}`}
      ${
    search === undefined ? sql`` : sql`and (t.name_key like ${`%${pattern(nameKey(search))}%`}
        or t.token_prefix like ${`${pattern(search.slice(0, 12))}%`})`
  }
      ${
    status === undefined
      ? sql``
      : status.active
      ? sql`and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${status.at})`
      : sql`and (t.revoked_at is not null or t.expires_at <= ${status.at})`
  }
      ${
    expiringBefore === undefined
      ? sql``
      : sql`and t.expires_at <= ${expiringBefore} and ${hasNoSuccessor(sql)}`
  }
      ${
    after === undefined ? sql`` : sql`and (t.created_at, t.id) <
        (${after.createdAt}::timestamptz, ${after.id}::uuid)`
  }
      ${
    before === undefined ? sql`` : sql`and (t.created_at, t.id) >
        (${before.createdAt}::timestamptz, ${before.id}::uuid)`
  }
    order by ${before === undefined ? sql`t.created_at desc, t.id desc` : sql`t.created_at, t.id`}
    limit ${query.limit}`;
  const found = rows.map(fromRow);
  return before === undefined ? found : found.reverse();
}

/** How many tokens somebody has that live at `activeAt` or were made after `createdAfter`. */
export async function countTokensOfOwner(
  tx: Transaction,
  ownerId: string,
  { activeAt, createdAfter }: { activeAt?: Date; createdAfter: Date },
): Promise<number> {
  const rows = await tx<{ count: number }[]>`
    select count(*)::int as count from personal_access_tokens
    where (user_id = ${ownerId} or service_account_id = ${ownerId})
      and (created_at > ${createdAfter} or (
        ${activeAt ?? null}::timestamptz is not null and revoked_at is null
        and (expires_at is null or expires_at > ${activeAt ?? null}::timestamptz)))`;
  return rows[0].count;
}
