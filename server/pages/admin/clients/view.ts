import type { ClientFilter } from "../../../store/clients.ts";
import type { PageContext } from "../../context.ts";
import { CLIENTS_PATH } from "./paths.ts";

export const PAGE_LENGTH = 25;
export const MAX_SEARCH = 100;
const MAX_PAGE = 100_000;

const FILTERS = ["public", "confidential", "disabled"] as const;

/** What the list of clients shows, as in its URL. */
export interface ClientsView {
  search?: string;
  /** Undefined: all. */
  show?: typeof FILTERS[number];
  /** From 1. */
  page: number;
}

export function readClientsView(c: PageContext): ClientsView {
  const page = c.req.query("page") ?? "";
  // PostgreSQL's text type cannot contain NUL.
  const search = (c.req.query("search") ?? "").replaceAll("\0", "").trim().slice(0, MAX_SEARCH);
  return {
    search: search || undefined,
    show: FILTERS.find((filter) => filter === c.req.query("show")),
    page: /^[1-9]\d{0,5}$/.test(page) ? Math.min(Number(page), MAX_PAGE) : 1,
  };
}

export function clientsFilter({ search, show }: ClientsView): ClientFilter {
  return {
    search,
    type: show === "disabled" ? undefined : show,
    disabled: show === "disabled" ? true : undefined,
  };
}

export function clientsUrl({ search, show, page }: ClientsView): string {
  const query = new URLSearchParams();
  if (search !== undefined) query.set("search", search);
  if (show !== undefined) query.set("show", show);
  if (page > 1) query.set("page", String(page));
  return query.size === 0 ? CLIENTS_PATH : `${CLIENTS_PATH}?${query}`;
}
