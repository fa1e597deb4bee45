/** The SCIM 2.0 interface for directories (RFC 7643, RFC 7644): its URLs, and what each does. */
import { SCIM_PATH } from "../admin/scim_path.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { requestPath } from "../http/request_target.ts";
import type { Log } from "../log.ts";
import { logFailure, requestFields } from "../request_log.ts";
import { createRateLimit } from "../security/shared_rate_limit.ts";
import type { Rate, RateLimit } from "../security/token_bucket.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import type { DirectoryGroup } from "../store/directories/groups.ts";
import { listDirectoryGroupMembers } from "../store/directories/groups.ts";
import type { DirectoryUser } from "../store/directories/users.ts";
import { authenticateDirectory } from "./authenticate.ts";
import { type Caller, type ScimDeps, sourceOf } from "./deps.ts";
import { resourceTypes, schemas, serviceProviderConfig } from "./discovery.ts";
import { ScimError } from "./error.ts";
import { etag, isNotModified } from "./etag.ts";
import {
  createGroupResource,
  deleteGroupResource,
  getGroupResource,
  patchGroupResource,
  replaceGroupResource,
} from "./groups/groups.ts";
import { toGroupResource } from "./groups/to_resource.ts";
import {
  listGroupResources,
  type ListQuery,
  listResponse,
  listUserResources,
  needsMembers,
} from "./list.ts";
import { project, readProjection } from "./project.ts";
import { readJson } from "./request_body.ts";
import { errorResponse, noContent, scimResponse } from "./response.ts";
import { GROUP, USER } from "./schema/resource_type.ts";
import { readSearch } from "./search.ts";
import { toUserResource } from "./users/to_resource.ts";
import {
  createUserResource,
  deleteUserResource,
  getUserResource,
  patchUserResource,
  replaceUserResource,
} from "./users/users.ts";

/** Of one user: more than a directory has about anyone. */
const MAX_USER_BYTES = 64 * 1024;
/** Of one group: 10,000 members with their URLs and names are half of it. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/** For each directory: a first synchronization of 10,000 users is two requests for each. */
const RATE: Rate = { burst: 20_000, perSecond: 100 };

type Handler = (deps: ScimDeps & { log: Log }, request: ScimRequest) => Promise<Response>;

interface ScimRequest {
  request: Request;
  caller: Caller;
  /** Of the resource, if the URL names one. */
  id: string;
  query: ListQuery;
}

export type ScimEndpoint = (request: Request, client: () => ClientInfo) => Promise<Response>;

export function scim(deps: ScimDeps & { log: Log }): ScimEndpoint {
  const limit = createRateLimit(deps);
  return async (request, client) => {
    try {
      const response = await respond(deps, limit, request, client);
      if (request.method !== "HEAD") return response;
      await response.body?.cancel();
      return new Response(null, response);
    } catch (error) {
      if (error instanceof ScimError) return errorResponse(error);
      logFailure(deps.log, "request_failed", error, requestFields(request));
      return errorResponse(
        new ScimError(503, "The request failed on the server. Try again shortly.", {
          headers: { "retry-after": "5" },
        }),
      );
    }
  };
}

async function respond(
  deps: ScimDeps & { log: Log },
  limit: RateLimit,
  request: Request,
  client: () => ClientInfo,
): Promise<Response> {
  const [collection = "", id, ...more] = segmentsOf(request.url);
  if (more.length > 0) throw noSuchEndpoint();
  const query = queryOf(request.url);
  const document = discoveryDocument(deps.issuer, collection, id);
  if (document !== undefined) {
    checkMethod(request, ["GET"]);
    // RFC 7644 section 4.
    if (query.filter !== undefined) throw new ScimError(403, "This list cannot be filtered.");
    return scimResponse(document);
  }
  const caller = await authenticateDirectory(deps, request, client().address);
  const wait = await limit.take([[`directory ${caller.directory.id}`, RATE]]);
  if (wait > 0) {
    throw new ScimError(429, `The directory sends too many requests. Wait ${wait} seconds.`, {
      headers: { "retry-after": `${wait}` },
    });
  }
  const handlers = handlersOf(collection, id);
  const method = request.method === "HEAD" ? "GET" : request.method;
  checkMethod(request, Object.keys(handlers));
  try {
    return await handlers[method](deps, { request, caller, id: id ?? "", query });
  } catch (error) {
    if (error instanceof ScimError && method !== "GET") {
      await recordRejection(deps, caller, collection, error);
    }
    throw error;
  }
}

function segmentsOf(url: string): string[] {
  return requestPath(url).slice(SCIM_PATH.length).split("/").filter((segment) => segment !== "");
}

function queryOf(url: string): ListQuery {
  const parameters = new URL(url).searchParams;
  const names = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
  ] as const;
  return Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? undefined]));
}

function checkMethod({ method }: Request, methods: readonly string[]): void {
  if (methods.includes(method === "HEAD" ? "GET" : method)) return;
  const allow = methods.flatMap((name) => name === "GET" ? ["GET", "HEAD"] : [name]).join(", ");
  // RFC 9110 section 15.5.6.
  throw new ScimError(405, `This URL accepts ${allow}.`, { headers: { allow } });
}

function noSuchEndpoint(): ScimError {
  return new ScimError(404, "There is no such endpoint. The resources are at /Users and /Groups.");
}

/**
 * RFC 7643 section 5 recommends these without authentication. Undefined for other URLs.
 */
function discoveryDocument(issuer: string, collection: string, id: string | undefined): unknown {
  if (collection === "ServiceProviderConfig" && id === undefined) {
    return serviceProviderConfig(issuer);
  }
  const list = collection === "ResourceTypes"
    ? resourceTypes(issuer)
    : collection === "Schemas"
    ? schemas(issuer)
    : undefined;
  if (list === undefined) return undefined;
  if (id === undefined) return listResponse(list);
  const listed = list.find((document) => document.id === id);
  if (listed === undefined) throw noSuchEndpoint();
  return listed;
}

function handlersOf(collection: string, id: string | undefined): Record<string, Handler> {
  switch (collection) {
    case "Users":
      return id === undefined ? USERS : id === ".search" ? { POST: searchUsers } : ONE_USER;
    case "Groups":
      return id === undefined ? GROUPS : id === ".search" ? { POST: searchGroups } : ONE_GROUP;
    case "Me":
      // RFC 7644 section 3.11: the token is that of a directory, not of a user.
      throw new ScimError(501, "There is no /Me: the token belongs to a directory.");
    case "Bulk":
      throw new ScimError(501, "Bulk operations are not supported. Send one request for each.");
    case "":
    case ".search":
      throw new ScimError(501, "Search /Users or /Groups.");
    default:
      throw noSuchEndpoint();
  }
}

const listUsers: Handler = async (deps, { caller, query }) =>
  scimResponse(await listUserResources(deps, caller, query));

const listGroups: Handler = async (deps, { caller, query }) =>
  scimResponse(await listGroupResources(deps, caller, query));

/** RFC 7644 section 3.4.3. */
const searchUsers: Handler = async (deps, { caller, request }) =>
  scimResponse(await listUserResources(deps, caller, readSearch(await userBody(request, caller))));

const searchGroups: Handler = async (deps, { caller, request }) =>
  scimResponse(await listGroupResources(deps, caller, readSearch(await userBody(request, caller))));

const USERS: Record<string, Handler> = {
  GET: listUsers,
  async POST(deps, { caller, request, query }) {
    const body = await userBody(request, caller);
    return userResponse(deps, await createUserResource(deps, caller, body), query, 201);
  },
};

const ONE_USER: Record<string, Handler> = {
  async GET(deps, { caller, id, query, request }) {
    const user = await getUserResource(deps, caller, id);
    const tag = etag(user.version, user.active);
    return isNotModified(request.headers, tag) ? notModified(tag) : userResponse(deps, user, query);
  },
  async PUT(deps, { caller, id, query, request }) {
    const body = await userBody(request, caller);
    const { headers } = request;
    return userResponse(
      deps,
      await replaceUserResource(deps, caller, { id, body, headers }),
      query,
    );
  },
  async PATCH(deps, { caller, id, query, request }) {
    const body = await userBody(request, caller);
    const { headers } = request;
    return userResponse(deps, await patchUserResource(deps, caller, { id, body, headers }), query);
  },
  async DELETE(deps, { caller, id, request }) {
    await deleteUserResource(deps, caller, { id, headers: request.headers });
    return noContent();
  },
};

const GROUPS: Record<string, Handler> = {
  GET: listGroups,
  async POST(deps, { caller, request, query }) {
    const body = await groupBody(request, caller);
    return await groupResponse(deps, await createGroupResource(deps, caller, body), query, 201);
  },
};

const ONE_GROUP: Record<string, Handler> = {
  async GET(deps, { caller, id, query, request }) {
    const group = await getGroupResource(deps, caller, id);
    const tag = etag(group.version);
    return isNotModified(request.headers, tag)
      ? notModified(tag)
      : await groupResponse(deps, group, query);
  },
  async PUT(deps, { caller, id, query, request }) {
    const body = await groupBody(request, caller);
    const { headers } = request;
    const group = await replaceGroupResource(deps, caller, { id, body, headers });
    return await groupResponse(deps, group, query);
  },
  async PATCH(deps, { caller, id, query, request }) {
    const body = await groupBody(request, caller);
    const { headers } = request;
    const group = await patchGroupResource(deps, caller, { id, body, headers });
    // RFC 7644 section 3.5.2: a body only if the request selects attributes of it.
    return query.attributes === undefined
      ? noContent({ etag: etag(group.version) })
      : await groupResponse(deps, group, query);
  },
  async DELETE(deps, { caller, id, request }) {
    await deleteGroupResource(deps, caller, { id, headers: request.headers });
    return noContent();
  },
};

const userBody = (request: Request, { address }: Caller) =>
  readJson(request, { limit: MAX_USER_BYTES, from: () => address });

const groupBody = (request: Request, { address }: Caller) =>
  readJson(request, { limit: MAX_GROUP_BYTES, from: () => address });

function userResponse(
  { issuer }: ScimDeps,
  user: DirectoryUser,
  query: ListQuery,
  status = 200,
): Response {
  const resource = project(USER, toUserResource(issuer, user), readProjection(USER, query));
  const location = `${issuer}${SCIM_PATH}/Users/${user.id}`;
  return scimResponse(resource, {
    status,
    headers: { etag: etag(user.version, user.active), ...status === 201 && { location } },
  });
}

async function groupResponse(
  { sql, issuer }: ScimDeps,
  group: DirectoryGroup,
  query: ListQuery,
  status = 200,
): Promise<Response> {
  const projection = readProjection(GROUP, query);
  const members = needsMembers(projection)
    ? (await listDirectoryGroupMembers(sql, [group.id])).get(group.id)
    : undefined;
  const location = `${issuer}${SCIM_PATH}/Groups/${group.id}`;
  return scimResponse(project(GROUP, toGroupResource(issuer, group, members), projection), {
    status,
    headers: { etag: etag(group.version), ...status === 201 && { location } },
  });
}

function notModified(tag: string): Response {
  return new Response(null, { status: 304, headers: { etag: tag } });
}

/** What an operator finds when a directory reports that it cannot provision a user. */
async function recordRejection(
  { sql, clock }: Pick<ScimDeps, "sql" | "clock">,
  caller: Caller,
  collection: string,
  { status, scimType, message }: ScimError,
): Promise<void> {
  await recordRepeatedAuditEvent(sql, clock, {
    event: "directory.request_rejected",
    actor: sourceOf(caller),
    subject: caller.directory.id,
    address: caller.address,
    details: {
      resource: collection,
      status,
      ...scimType !== undefined && { scim_type: scimType },
      reason: message.slice(0, 300),
    },
  });
}
