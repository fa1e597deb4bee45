import { USER_SORTS, USER_STATES, type UserFilter, type UserSort } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { listUrl, pageParameter, readPageNumber, readSearch } from "../../http/list_query.ts";
import { formatSort, readSort } from "../../ui/sort.ts";
import { PEOPLE_PATH } from "./paths.ts";

export const PAGE_LENGTH = 25;
export const MAX_SEARCH = 254;
const MAX_GROUP = 200;

const ROLES = ["administrator", "user"] as const;

/** What the list of users shows, as in its URL. Undefined: all. */
export interface PeopleView {
  search?: string;
  state?: typeof USER_STATES[number];
  role?: typeof ROLES[number];
  group?: string;
  /** Undefined: oldest account first. */
  sort?: UserSort;
  /** From 1. */
  page: number;
}

export function readPeopleView(c: PageContext): PeopleView {
  const group = (c.get("query")("group") ?? "").slice(0, MAX_GROUP);
  return {
    search: readSearch(c, MAX_SEARCH),
    state: USER_STATES.find((state) => state === c.get("query")("state")),
    role: ROLES.find((role) => role === c.get("query")("role")),
    group: group || undefined,
    sort: readSort(c, USER_SORTS),
    page: readPageNumber(c),
  };
}

export function peopleFilter({ search, state, role, group }: PeopleView): UserFilter {
  return {
    search,
    state,
    group,
    isAdmin: role === undefined ? undefined : role === "administrator",
  };
}

export function peopleUrl({ search, state, role, group, sort, page }: PeopleView): string {
  return listUrl(PEOPLE_PATH, {
    ...{ search, state, role, group },
    sort: formatSort(sort),
    page: pageParameter(page),
  });
}
