import { TOKEN_SORTS, type TokenSort } from "../../store/pats/list.ts";
import type { PageContext } from "../context.ts";
import { listUrl, pageParameter, readPageNumber, readSearch } from "../http/list_query.ts";
import { formatSort, readSort } from "../ui/sort.ts";

export const MAX_SEARCH = 100;

/** What a list of tokens shows, as in its URL. */
export interface TokenView {
  path: "/tokens" | "/admin/tokens";
  /** Undefined: all owners. */
  ownerId?: string;
  search?: string;
  /** Undefined: active tokens. */
  show?: "inactive" | "expiring";
  /** Undefined: newest first. */
  sort?: TokenSort;
  /** Of a list with `sort`, from 1. */
  page?: number;
  /** Of other lists. Cursors: the page begins after, or ends before, this token. */
  after?: string;
  before?: string;
}

/** What the query asks for. The owner is up to the page. */
export function readView(c: PageContext): Omit<TokenView, "path" | "ownerId"> {
  const show = c.get("query")("show");
  return {
    search: readSearch(c, MAX_SEARCH),
    show: show === "inactive" || show === "expiring" ? show : undefined,
    sort: readSort(c, TOKEN_SORTS),
    page: readPageNumber(c),
    after: c.get("query")("after"),
    before: c.get("query")("before"),
  };
}

export function viewUrl(
  { path, ownerId, search, show, sort, page, after, before }: TokenView,
): string {
  return listUrl(path, {
    owner: path === "/admin/tokens" ? ownerId : undefined,
    ...{ search, show },
    sort: formatSort(sort),
    page: pageParameter(page ?? 1),
    ...{ after, before },
  });
}

export function firstPage(view: TokenView): TokenView {
  return { ...view, page: undefined, after: undefined, before: undefined };
}
