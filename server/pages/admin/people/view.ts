import type { PageContext } from "../../context.ts";

export const PAGE_LENGTH = 25;
export const MAX_SEARCH = 254;
const MAX_PAGE = 100_000;

/** What the list of users shows, as in its URL. */
export interface PeopleView {
  search?: string;
  /** Undefined: all. */
  show?: "administrators" | "disabled";
  /** From 1. */
  page: number;
}

export function readPeopleView(c: PageContext): PeopleView {
  const show = c.req.query("show");
  const page = c.req.query("page") ?? "";
  // PostgreSQL's text type cannot contain NUL.
  const search = (c.req.query("search") ?? "").replaceAll("\0", "").trim().slice(0, MAX_SEARCH);
  return {
    search: search || undefined,
    show: show === "administrators" || show === "disabled" ? show : undefined,
    page: /^[1-9]\d{0,5}$/.test(page) ? Math.min(Number(page), MAX_PAGE) : 1,
  };
}

export function peopleUrl({ search, show, page }: PeopleView): string {
  const query = new URLSearchParams();
  if (search !== undefined) query.set("search", search);
  if (show !== undefined) query.set("show", show);
  if (page > 1) query.set("page", String(page));
  return query.size === 0 ? "/admin/people" : `/admin/people?${query}`;
}
