import { decodeCursor, encodeCursor } from "../../pats/list_cursor.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { firstPage, type TokenView, viewUrl } from "./view.ts";

const PAGE_LENGTH = 25;

/** One page of a list, and the views of its neighbors. */
export interface TokenPage {
  tokens: PersonalAccessToken[];
  isFirst: boolean;
  previous?: TokenView;
  next?: TokenView;
}

/**
 * Pages are found by the tokens at their edges, not by number, so that tokens created in the
 * meantime neither repeat nor hide others. If a previous page would be shorter than a full page, the
 * first page is returned instead.
 */
export async function readTokenPage(
  { sql }: { sql: Sql },
  view: TokenView,
  now: number,
): Promise<TokenPage> {
  const { ownerId, search, show } = view;
  if (view.sort !== undefined) return await readSortedPage({ sql }, view, now);
  const before = view.before === undefined ? undefined : decodeCursor(view.before);
  const after = view.after === undefined ? undefined : decodeCursor(view.after);
  const rows = await listPersonalAccessTokens(sql, {
    ownerId,
    search,
    status: { at: new Date(now), active: show !== "inactive" },
    expiringSoonAt: show === "expiring" ? new Date(now) : undefined,
    ...before === undefined ? { after } : { before },
    limit: PAGE_LENGTH + 1,
  });
  const hasMore = rows.length > PAGE_LENGTH;
  if (before !== undefined) {
    if (!hasMore) return await readTokenPage({ sql }, firstPage(view), now);
    const tokens = rows.slice(1);
    return {
      tokens,
      isFirst: false,
      previous: { ...firstPage(view), before: encodeCursor(tokens[0]) },
      next: { ...firstPage(view), after: encodeCursor(tokens.at(-1)!) },
    };
  }
  const tokens = rows.slice(0, PAGE_LENGTH);
  return {
    tokens,
    isFirst: after === undefined,
    previous: after === undefined || tokens.length === 0
      ? undefined
      : { ...firstPage(view), before: encodeCursor(tokens[0]) },
    next: hasMore ? { ...firstPage(view), after: encodeCursor(tokens.at(-1)!) } : undefined,
  };
}

/** A page by its number: its edges say nothing about the order of the list. */
async function readSortedPage(
  { sql }: { sql: Sql },
  view: TokenView,
  now: number,
): Promise<TokenPage> {
  const { ownerId, search, show, sort, page = 1 } = view;
  const rows = await listPersonalAccessTokens(sql, {
    ...{ ownerId, search, sort },
    status: { at: new Date(now), active: show !== "inactive" },
    expiringSoonAt: show === "expiring" ? new Date(now) : undefined,
    limit: PAGE_LENGTH + 1,
    offset: (page - 1) * PAGE_LENGTH,
  });
  // Tokens were revoked, or someone typed the number.
  if (rows.length === 0 && page > 1) return await readSortedPage({ sql }, firstPage(view), now);
  const ofNumber = (page: number) => ({ ...firstPage(view), page });
  return {
    tokens: rows.slice(0, PAGE_LENGTH),
    isFirst: page === 1,
    previous: page === 1 ? undefined : ofNumber(page - 1),
    next: rows.length > PAGE_LENGTH ? ofNumber(page + 1) : undefined,
  };
}

/** Links to other pages. */
export function PageLinks(
  { view, page: { isFirst, previous, next } }: { view: TokenView; page: TokenPage },
) {
  if (isFirst && next === undefined) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {!isFirst && <a href={viewUrl(firstPage(view))}>First page</a>}
      <span>
        {previous !== undefined && <a href={viewUrl(previous)} rel="prev">Previous page</a>}
        {next !== undefined && <a href={viewUrl(next)} rel="next">Next page</a>}
      </span>
    </nav>
  );
}
