import type * as z from "zod/mini";
import type { AppParts } from "../app_parts.ts";
import type { ManagementPermission } from "../../shared/management.ts";
import type { ClientInfo } from "../http/client_info.ts";
import type { User } from "../store/users.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";
import type { ProblemStatus } from "./problem.ts";
import type { SecretScanningKeys } from "./secret_scanning_keys.ts";

export interface ApiParts extends AppParts {
  secretScanningKeys: SecretScanningKeys;
}

/** A request that was let in and whose parts fit their schemas. */
export interface ApiRequest<Body = unknown, Query = unknown> {
  body: Body;
  query: Query;
  /** The `{id}` of the path. */
  id: string;
  requester: ClientInfo;
  /** The person who asks; set where `access` is a permission. */
  user: User;
  /** The token that was presented; set unless `access` is "public". */
  presented: ValidatedToken;
  /** The body, byte for byte, where `raw` is set. */
  bytes: Uint8Array;
  headers: Headers;
}

/** One operation of the REST interface: what OpenAPI says of it, and what it does. */
export interface ApiOperation {
  method: "get" | "post" | "delete";
  /** In OpenAPI's form: `/api/v1/tokens/{id}`. */
  path: string;
  id: string;
  summary: string;
  description?: string;
  /**
   * Who may: a person whose approval covers this permission, with a token for the
   * management interface; the holder of any token for the API; unauthenticated clients.
   */
  access: ManagementPermission | "token" | "public";
  body?: z.ZodMiniType;
  query?: z.ZodMiniType;
  /** Largest body, in bytes; 64 KB if undefined. */
  maxBytes?: number;
  /** Refuses, by throwing Problem, what the headers alone show to be invalid: no body is read then. */
  admit?(parts: ApiParts, headers: Headers): Promise<void>;
  /** The operation reads the body's bytes itself, before anything else. */
  raw?: true;
  answer: { status: number; description: string; schema?: z.ZodMiniType };
  /** Statuses of problems beyond those that follow from access, path, query and body. */
  problems?: readonly ProblemStatus[];
  /** Returns the answer's body; throws Problem. */
  // deno-lint-ignore no-explicit-any -- the schemas vouch for body and query
  handle(parts: ApiParts, request: ApiRequest<any, any>): Promise<unknown>;
}

/** Ties a handler's types to the schemas. */
export function operation<
  Body extends z.ZodMiniType = z.ZodMiniType<undefined>,
  Query extends z.ZodMiniType = z.ZodMiniType<undefined>,
>(
  declared: Omit<ApiOperation, "body" | "query" | "handle"> & {
    body?: Body;
    query?: Query;
    handle(
      parts: ApiParts,
      request: ApiRequest<z.output<Body>, z.output<Query>>,
    ): Promise<unknown>;
  },
): ApiOperation {
  return declared;
}
