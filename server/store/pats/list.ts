import { EXPIRES_SOON } from "../../../shared/tokens/expires_soon.ts";
import { nameKey } from "../../../shared/name_key.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import { hasGrams } from "../search_grams.ts";
import { fromRow, hasNoSuccessor, isWithin, type TokenRow, withOwner } from "./row.ts";
import type { PersonalAccessToken } from "./types.ts";

/** Of all owners; the others follow when these have expired or have a successor. */
const MAX_NEXT_TO_EXPIRE = 10_000;

/** A position in a list of tokens, newest first. */
export interface ListPosition {
  createdAt: Date;
  id: string;
}

/** What a list of tokens can be sorted by. Unused tokens count as used first, endless ones expire last. */
export const TOKEN_SORTS = ["created", "name", "last_used", "expires"] as const;

export interface TokenSort {
  by: typeof TOKEN_SORTS[number];
  descending: boolean;
}

/**
 * Tokens of one owner or of all, newest first unless sorted otherwise. `search` matches a part of the name or the first
 * characters of the token. `status` selects the tokens that are active at a time, or those that
 * are not; `expiringSoonAt` those that expire soon at a time and have no successor. `after` starts
 * behind a position; `before` returns the tokens directly in front of one. Both are about the default
 * order; `offset` is for the others.
 */
export async function listPersonalAccessTokens(
  sql: Sql,
  query: {
    ownerId?: string;
    createdByLogin?: string;
    search?: string;
    status?: { at: Date; active: boolean };
    expiringSoonAt?: Date;
    after?: ListPosition;
    before?: ListPosition;
    sort?: TokenSort;
    offset?: number;
    limit: number;
  },
): Promise<PersonalAccessToken[]> {
  const { ownerId, createdByLogin, search, status, expiringSoonAt, after, before, sort, offset } =
    query;
  const rows = await sql<TokenRow[]>`
    ${withOwner(sql)}
    where true
      ${
    ownerId === undefined ? sql`` : sql`and (t.user_id = ${ownerId}
        or t.service_account_id = ${ownerId})`
  }
      ${createdByLogin === undefined ? sql`` : sql`and t.created_by_login = ${createdByLogin}`}
      ${
    search === undefined ? sql`` : sql`and (${isNamed(sql, search)}
        or ${beginsWith(sql, search.slice(0, 12))})`
  }
      ${
    status === undefined
      ? sql``
      : status.active
      ? sql`and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${status.at})`
      : sql`and (t.revoked_at is not null or t.expires_at <= ${status.at})`
  }
      ${
    expiringSoonAt === undefined
      ? sql``
      : sql`and ${isWithin(sql, expiringSoonAt, EXPIRES_SOON)} and ${hasNoSuccessor(sql)}
        and ${isAmongNextToExpire(sql, expiringSoonAt, ownerId)}`
  }
      ${
    after === undefined ? sql`` : sql`and (t.created_at, t.id) <
        (${after.createdAt}::timestamptz, ${after.id}::uuid)`
  }
      ${
    before === undefined ? sql`` : sql`and (t.created_at, t.id) >
        (${before.createdAt}::timestamptz, ${before.id}::uuid)`
  }
    order by ${
    sort !== undefined
      ? sql`${sortExpression(sql, sort)} ${sort.descending ? sql`desc` : sql`asc`}, t.id`
      : before === undefined
      ? sql`t.created_at desc, t.id desc`
      : sql`t.created_at, t.id`
  }
    limit ${query.limit} offset ${offset ?? 0}`;
  const tokens = rows.map(fromRow);
  return before === undefined ? tokens : tokens.reverse();
}

/** Of the tokens of all owners, those that expire soon are found by the index of their expiry. */
function isAmongNextToExpire(sql: Sql, at: Date, ownerId?: string) {
  if (ownerId !== undefined) return sql`true`;
  return sql`t.id = any(array(
    select id from personal_access_tokens
    where revoked_at is null and expires_at > ${at}
      and expires_at <= ${new Date(at.getTime() + EXPIRES_SOON.ms)}
    order by expires_at limit ${MAX_NEXT_TO_EXPIRE}))`;
}

/** The condition that the name of a token has a part, in any letter case. */
function isNamed(sql: Sql, search: string) {
  const part = nameKey(search);
  return sql`(strpos(t.name_key, ${part}) > 0 ${
    // As the index personal_access_tokens_search has it.
    hasGrams(part) ? sql`and search_grams(t.name_key) @> search_grams(${part})` : sql``})`;
}

/** The condition that a token begins so. The index finds it also in a plan for any values, unlike `like`. */
function beginsWith(sql: Sql, start: string) {
  return sql`(t.token_prefix ~>=~ ${start} and t.token_prefix ~<~ ${`${start}\u{10ffff}`})`;
}

function sortExpression(sql: Sql, { by }: TokenSort) {
  switch (by) {
    case "created":
      return sql`t.created_at`;
    case "name":
      return sql`t.name_key`;
    case "last_used":
      return sql`coalesce(t.last_used_at, '-infinity')`;
    case "expires":
      return sql`coalesce(t.expires_at, 'infinity')`;
  }
}

/** The active tokens of an owner by their names, as `nameKey` compares them. */
export async function listActiveNames(
  sql: Sql | Transaction,
  ownerId: string,
  now: Date,
): Promise<{ id: string; nameKey: string }[]> {
  return await sql<{ id: string; nameKey: string }[]>`
    select id, name_key as "nameKey" from personal_access_tokens
    where (user_id = ${ownerId} or service_account_id = ${ownerId}) and revoked_at is null
      and (expires_at is null or expires_at > ${now})`;
}

/** The number of tokens that are active at `activeAt` or were created after `createdAfter`. */
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
