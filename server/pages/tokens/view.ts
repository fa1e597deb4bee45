import type { PageContext } from "../context.ts";

export const MAX_SEARCH = 100;

/** What a list of tokens shows, as in its URL. */
export interface TokenView {
  path: "/tokens" | "/admin/tokens";
  /** Undefined: all owners. */
  ownerId?: string;
  search?: string;
  /** Undefined: active tokens. */
  show?: "inactive" | "expiring";
  /** Cursors: the page begins after, or ends before, this token. */
  after?: string;
  before?: string;
}

/** What the query asks for. The owner is up to the page. */
export function readView(c: PageContext): Omit<TokenView, "path" | "ownerId"> {
  const search = (c.req.query("search") ?? "").trim().slice(0, MAX_SEARCH);
  const show = c.req.query("show");
  return {
    // PostgreSQL's text type cannot contain NUL.
    search: search.replaceAll("\0", "") || undefined,
    show: show === "inactive" || show === "expiring" ? show : undefined,
    after: c.req.query("after"),
    before: c.req.query("before"),
  };
}

export function viewUrl({ path, ownerId, search, show, after, before }: TokenView): string {
  const query = new URLSearchParams();
  if (path === "/admin/tokens" && ownerId !== undefined) query.set("owner", ownerId);
  if (search !== undefined) query.set("search", search);
  if (show !== undefined) query.set("show", show);
  if (after !== undefined) query.set("after", after);
  if (before !== undefined) query.set("before", before);
  return query.size === 0 ? path : `${path}?${query}`;
}

export function firstPage(view: TokenView): TokenView {
  return { ...view, after: undefined, before: undefined };
}
