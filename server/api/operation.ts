import type { ServerSecrets } from "../store/server_secrets.ts";
import type * as z from "zod/mini";
import type { ManagementPermission } from "../../shared/management.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { DomainError } from "../domain_error.ts";
import type { ClientInfo } from "../http/client_info.ts";
import type { Mail } from "../notifications/mail.ts";
import type { EditTokenDeps } from "../pats/edit.ts";
import type { ImportTokenDeps } from "../pats/import.ts";
import type { ReportLeakDeps } from "../pats/report_leak.ts";
import type { RotateTokenDeps } from "../pats/rotate.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import type { Encryption } from "../security/encryption.ts";
import type { User } from "../store/users.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";
import type { GithubKeys } from "./leaks/github_keys.ts";
import type { Problem, ProblemType } from "./problem.ts";

/** What the operations need; each declares the part that it uses. */
export interface OperationDeps
  extends EditTokenDeps, ImportTokenDeps, ReportLeakDeps, RotateTokenDeps {
  config: ServerConfig;
  catalog: ResourceCatalog;
  tokenValidator: Pick<TokenValidator, "invalidate" | "patHashes" | "reloadCatalog">;
  encryption: Encryption;
  secrets: Pick<ServerSecrets, "auditKey">;
  mail: Pick<Mail, "send" | "deliver">;
  githubKeys: Pick<GithubKeys, "hasSigned" | "couldHaveSigned">;
}

/** An authenticated request whose parts match their schemas. */
export interface ApiRequest<Body = unknown, Query = unknown> {
  body: Body;
  query: Query;
  /** The `{id}` of the path. */
  id: string;
  /** All parameters of the path. */
  path: Readonly<Record<string, string>>;
  client: ClientInfo;
  /** The authenticated user; set if `access` is a permission. */
  user: User;
  /** The token that was presented; set unless `access` is "public". */
  presented: ValidatedToken;
  /** The body's bytes, if `raw` is set. */
  bytes: Uint8Array;
  headers: Headers;
}

/** One operation of the REST API: its description for OpenAPI, and its implementation. */
export interface ApiOperation {
  method: "get" | "post" | "patch" | "delete";
  /** A path template of OpenAPI: `/api/v1/tokens/{id}`. */
  path: string;
  id: string;
  summary: string;
  description?: string;
  /**
   * Who may call it: users with an approval for this permission and a token for the management
   * API, the holder of any token for the operator's API, or unauthenticated clients.
   */
  access: ManagementPermission | "token" | "public";
  /** The JSON Schema of the parameters in the path; default: a UUID. */
  idSchema?: Record<string, unknown>;
  body?: z.ZodMiniType;
  query?: z.ZodMiniType;
  /** Largest body, in bytes; 64 KB if undefined. */
  maxBytes?: number;
  /** Rejects a request by its headers, before the body is read. */
  checkHeaders?(
    deps: OperationDeps,
    headers: Headers,
  ): Promise<Problem | DomainError | undefined>;
  /** The operation reads the body's bytes itself, before they are parsed. */
  raw?: true;
  response: { status: number; description: string; schema?: z.ZodMiniType };
  /** Problems besides those that follow from access, path, query and body. */
  problems?: readonly ProblemType[];
  /** Returns the body of the response, or why there is none. */
  handle(
    deps: OperationDeps,
    // deno-lint-ignore no-explicit-any -- the schemas guarantee the types of body and query
    request: ApiRequest<any, any>,
  ): Promise<unknown>;
}

/** Gives the handler the types of its schemas. */
export function operation<
  Body extends z.ZodMiniType = z.ZodMiniType<undefined>,
  Query extends z.ZodMiniType = z.ZodMiniType<undefined>,
>(
  declared: Omit<ApiOperation, "body" | "query" | "handle"> & {
    body?: Body;
    query?: Query;
    handle(
      deps: OperationDeps,
      request: ApiRequest<z.output<Body>, z.output<Query>>,
    ): Promise<unknown>;
  },
): ApiOperation {
  return declared;
}
