import type { PageContext } from "../context.ts";

const MAX_PAGE = 100_000;

/** The number of a page, from 1. */
export function readPageNumber(c: PageContext): number {
  const page = c.get("query")("page") ?? "";
  return /^[1-9]\d{0,5}$/.test(page) ? Math.min(Number(page), MAX_PAGE) : 1;
}

/** Undefined if the list is not searched. */
export function readSearch(c: PageContext, maxLength: number): string | undefined {
  const search = (c.get("query")("search") ?? "").trim().slice(0, maxLength);
  return search || undefined;
}

/** A path with the parameters that are set. */
export function listUrl(
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

/** The parameter of a page number: the first page needs none. */
export function pageParameter(page: number): string | undefined {
  return page > 1 ? String(page) : undefined;
}
