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
 * in names, and at the beginning of tokens. `standing` picks those that live at a
 * moment, or those that have ended; `endingBefore` those that end by themselves
 * before then and have no successor yet. `after` gives those older than a place in
 * the list, `before` the ones just newer, of which there may be more.
 */
export async function listPersonalAccessTokens(
  sql: Sql,
  query: {
    ownerId?: string;
    createdByLogin?: string;
    search?: string;
    standing?: { at: Date; living: boolean };
    endingBefore?: Date;
    after?: ListPosition;
    before?: ListPosition;
    limit: number;
  },
): Promise<PersonalAccessToken[]> {
  const { ownerId, createdByLogin, search, standing, endingBefore, after, before } = query;
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
    standing === undefined
      ? sql``
      : standing.living
      ? sql`and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${standing.at})`
      : sql`and (t.revoked_at is not null or t.expires_at <= ${standing.at})`
  }
      ${
    endingBefore === undefined
      ? sql``
      : sql`and t.expires_at <= ${endingBefore} and ${hasNoSuccessor(sql)}`
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

/** How many tokens somebody has that live at `livingAt` or were made after `madeAfter`. */
export async function countTokensOf(
  tx: Transaction,
  ownerId: string,
  { livingAt, madeAfter }: { livingAt?: Date; madeAfter: Date },
): Promise<number> {
  const rows = await tx<{ count: number }[]>`
    select count(*)::int as count from personal_access_tokens
    where (user_id = ${ownerId} or service_account_id = ${ownerId})
      and (created_at > ${madeAfter} or (
        ${livingAt ?? null}::timestamptz is not null and revoked_at is null
        and (expires_at is null or expires_at > ${livingAt ?? null}::timestamptz)))`;
  return rows[0].count;
}
