/** Lists of resources (RFC 7644 section 3.4.2), by GET and by POST to `.search`. */
import { listDirectoryGroupMembers, listDirectoryGroups } from "../store/directories/groups.ts";
import type { SortKey } from "../store/directories/sort.ts";
import { listDirectoryUsers, type Page } from "../store/directories/users.ts";
import type { Caller, ScimDeps } from "./deps.ts";
import { MAX_RESULTS } from "./discovery.ts";
import { badRequest } from "./error.ts";
import { parseFilter } from "./filter/parse.ts";
import { fieldOf, resolveFilter } from "./filter/resolve.ts";
import { toGroupResource } from "./groups/to_resource.ts";
import { isReturned, project, type Projection, readProjection } from "./project.ts";
import { type Attribute, findAttribute } from "./schema/attribute.ts";
import { GROUP, resolveAttribute, type ResourceType, USER } from "./schema/resource_type.ts";
import { toUserResource } from "./users/to_resource.ts";

export interface ListQuery {
  filter?: string;
  sortBy?: string;
  sortOrder?: string;
  startIndex?: string;
  count?: string;
  attributes?: string;
  excludedAttributes?: string;
}

const LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const DEFAULT_COUNT = 100;
/** Members in one response, except that one group always has all of its members. */
const MAX_LISTED_MEMBERS = 50_000;

interface ListResponse {
  schemas: string[];
  totalResults: number;
  startIndex: number;
  itemsPerPage: number;
  Resources: Record<string, unknown>[];
}

export function listResponse(
  resources: Record<string, unknown>[],
  { total = resources.length, startIndex = 1 }: { total?: number; startIndex?: number } = {},
): ListResponse {
  return {
    schemas: [LIST_RESPONSE],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

export async function listUserResources(
  { sql, issuer }: ScimDeps,
  { directory }: Caller,
  query: ListQuery,
): Promise<ListResponse> {
  const projection = readProjection(USER, query);
  const page = readPage(USER, query);
  const { users, total } = await listDirectoryUsers(sql, directory.id, page);
  return listResponse(
    users.map((user) => project(USER, toUserResource(issuer, user), projection)),
    { total, startIndex: page.offset + 1 },
  );
}

export async function listGroupResources(
  { sql, issuer }: ScimDeps,
  { directory }: Caller,
  query: ListQuery,
): Promise<ListResponse> {
  const projection = readProjection(GROUP, query);
  const page = readPage(GROUP, query);
  const { groups, total } = await listDirectoryGroups(sql, directory.id, page);
  const hasMembers = isReturned(projection, "members");
  // RFC 7644 section 3.4.2.4: a page may be shorter than requested.
  const listed = hasMembers ? groups.slice(0, fittingGroups(groups)) : groups;
  const members = hasMembers && listed.length > 0
    ? await listDirectoryGroupMembers(sql, listed.map(({ id }) => id))
    : undefined;
  return listResponse(
    listed.map((group) =>
      project(GROUP, toGroupResource(issuer, group, members?.get(group.id)), projection)
    ),
    { total, startIndex: page.offset + 1 },
  );
}

function fittingGroups(groups: readonly { memberCount: number }[]): number {
  let left = MAX_LISTED_MEMBERS;
  const index = groups.findIndex(({ memberCount }) => (left -= memberCount) < 0);
  return index === -1 ? groups.length : Math.max(1, index);
}

/** Whether reading the members of a group is of use for a response. */
export function needsMembers(projection: Projection): boolean {
  return isReturned(projection, "members");
}

function readPage(type: ResourceType, query: ListQuery): Page {
  const startIndex = Math.max(1, readInteger(query.startIndex, "startIndex", 1));
  const count = Math.max(0, readInteger(query.count, "count", DEFAULT_COUNT));
  return {
    condition: query.filter === undefined
      ? undefined
      : resolveFilter(type, parseFilter(query.filter)),
    sort: readSort(type, query),
    offset: startIndex - 1,
    limit: Math.min(count, MAX_RESULTS),
  };
}

function readInteger(text: string | undefined, name: string, byDefault: number): number {
  if (text === undefined || text === "") return byDefault;
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw badRequest("invalidValue", `${name} is not a whole number.`);
}

/** RFC 7644 section 3.4.2.3. */
function readSort(type: ResourceType, { sortBy, sortOrder }: ListQuery): SortKey | undefined {
  const order = (sortOrder ?? "ascending").toLowerCase();
  if (order !== "ascending" && order !== "descending") {
    throw badRequest("invalidValue", "sortOrder is ascending or descending.");
  }
  if (sortBy === undefined) return undefined;
  const path: readonly Attribute[] | undefined = resolveAttribute(type, sortBy);
  if (path === undefined) {
    throw badRequest("invalidPath", `${type.name} has no attribute ${sortBy.slice(0, 100)}.`);
  }
  const descending = order === "descending";
  const listAt = path.findIndex(({ multiValued }) => multiValued);
  const last = path[path.length - 1];
  const full = last.type === "complex" ? [...path, valueOf(last)] : path;
  if (listAt === -1) return { field: fieldOf(full), descending };
  const list = fieldOf(path.slice(0, listAt + 1));
  if ("column" in list) throw badRequest("invalidPath", `Lists cannot be sorted by ${sortBy}.`);
  return { list, field: { path: full.slice(listAt + 1).map(({ name }) => name) }, descending };
}

function valueOf(attribute: Attribute): Attribute {
  const value = findAttribute(attribute.subAttributes, "value");
  if (value !== undefined) return value;
  throw badRequest("invalidPath", `${attribute.name} has no single value to sort by.`);
}
