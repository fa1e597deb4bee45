import { EXPIRES_SOON_MS } from "../../../shared/tokens/limits.ts";
import { decodeCursor, encodeCursor } from "../../pats/list_cursor.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { PageContext, PageDeps } from "../render.tsx";

const PAGE_LENGTH = 25;
export const MAX_SEARCH = 100;

/** What a list of tokens shows, as its address says it. */
export interface View {
  path: "/tokens" | "/admin/tokens";
  /** Undefined: everybody's. */
  ownerId?: string;
  search?: string;
  show?: "inactive" | "expiring";
  /** The page begins after this place, or ends before it. */
  after?: string;
  before?: string;
}

/** What the person asked for; whose tokens is not for them to say. */
export function viewOf(c: PageContext): Omit<View, "path" | "ownerId"> {
  const search = (c.req.query("search") ?? "").trim().slice(0, MAX_SEARCH);
  const show = c.req.query("show");
  return {
    // The database takes no NUL in a text.
    search: search.replaceAll("\0", "") || undefined,
    show: show === "inactive" || show === "expiring" ? show : undefined,
    after: c.req.query("after"),
    before: c.req.query("before"),
  };
}

export function address({ path, ownerId, search, show, after, before }: View): string {
  const query = new URLSearchParams();
  if (path === "/admin/tokens" && ownerId !== undefined) query.set("owner", ownerId);
  if (search !== undefined) query.set("search", search);
  if (show !== undefined) query.set("show", show);
  if (after !== undefined) query.set("after", after);
  if (before !== undefined) query.set("before", before);
  return query.size === 0 ? path : `${path}?${query}`;
}

/** One page of a list, and where the pages beside it are. */
export interface TokenPage {
  tokens: PersonalAccessToken[];
  isFirst: boolean;
  previous?: View;
  next?: View;
}

/**
 * Pages are found by the tokens at their edges, not by number, so that none is shown
 * twice or skipped when one is made meanwhile. Going back may therefore end short of a
 * full page; the first page is shown instead.
 */
export async function readTokenPage(
  { sql }: Pick<PageDeps, "sql">,
  view: View,
  now: number,
): Promise<TokenPage> {
  const { ownerId, search, show } = view;
  const before = view.before === undefined ? undefined : decodeCursor(view.before);
  const after = view.after === undefined ? undefined : decodeCursor(view.after);
  const found = await listPersonalAccessTokens(sql, {
    ownerId,
    search,
    status: { at: new Date(now), active: show !== "inactive" },
    expiringBefore: show === "expiring" ? new Date(now + EXPIRES_SOON_MS) : undefined,
    ...before === undefined ? { after } : { before },
    limit: PAGE_LENGTH + 1,
  });
  const more = found.length > PAGE_LENGTH;
  const edge = (place: Pick<View, "before" | "after">) => ({
    ...view,
    before: undefined,
    after: undefined,
    ...place,
  });
  if (before !== undefined) {
    if (!more) return await readTokenPage({ sql }, edge({}), now);
    const tokens = found.slice(1);
    return {
      tokens,
      isFirst: false,
      previous: edge({ before: encodeCursor(tokens[0]) }),
      next: edge({ after: encodeCursor(tokens.at(-1)!) }),
    };
  }
  const tokens = found.slice(0, PAGE_LENGTH);
  return {
    tokens,
    isFirst: after === undefined,
    previous: after === undefined || tokens.length === 0
      ? undefined
      : edge({ before: encodeCursor(tokens[0]) }),
    next: more ? edge({ after: encodeCursor(tokens.at(-1)!) }) : undefined,
  };
}

/** The ways to other pages, and out of a part of the list. */
export function PageLinks({ view, page: { isFirst, previous, next } }: {
  view: View;
  page: TokenPage;
}) {
  if (isFirst && next === undefined && view.show === undefined) return null;
  const first = { ...view, after: undefined, before: undefined };
  return (
    <nav class="pages" aria-label="Pages">
      {!isFirst
        ? <a href={address(first)}>First page</a>
        : view.show !== undefined && (
          <a href={address({ ...first, show: undefined })}>All that live</a>
        )}
      <span>
        {previous !== undefined && <a href={address(previous)}>Previous page</a>}
        {next !== undefined && <a href={address(next)}>Next page</a>}
      </span>
    </nav>
  );
}
