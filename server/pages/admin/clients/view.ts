import { CLIENT_SORTS, type ClientFilter, type ClientSort } from "../../../store/clients.ts";
import type { PageContext } from "../../context.ts";
import { listUrl, pageParameter, readPageNumber, readSearch } from "../../http/list_query.ts";
import { formatSort, readSort } from "../../ui/sort.ts";
import { CLIENTS_PATH } from "./paths.ts";

export const PAGE_LENGTH = 25;
export const MAX_SEARCH = 100;

const FILTERS = ["public", "confidential", "disabled"] as const;

/** What the list of clients shows, as in its URL. */
export interface ClientsView {
  search?: string;
  /** Undefined: all. */
  show?: typeof FILTERS[number];
  /** Undefined: by age. */
  sort?: ClientSort;
  /** From 1. */
  page: number;
}

export function readClientsView(c: PageContext): ClientsView {
  return {
    search: readSearch(c, MAX_SEARCH),
    show: FILTERS.find((filter) => filter === c.get("query")("show")),
    sort: readSort(c, CLIENT_SORTS),
    page: readPageNumber(c),
  };
}

export function clientsFilter({ search, show }: ClientsView): ClientFilter {
  return {
    search,
    type: show === "disabled" ? undefined : show,
    disabled: show === "disabled" ? true : undefined,
  };
}

export function clientsUrl({ search, show, sort, page }: ClientsView): string {
  return listUrl(CLIENTS_PATH, {
    ...{ search, show },
    sort: formatSort(sort),
    page: pageParameter(page),
  });
}
