import { DomainError } from "../domain_error.ts";
import { bodyHold } from "../http/body.ts";
import type { ClientInfo } from "../http/client_info.ts";
import type { Log } from "../log.ts";
import { logFailure, requestFields } from "../request_log.ts";
import { authenticate, type AuthenticateDeps } from "./authenticate.ts";
import { checkContentType, parseJson, readBody } from "./body.ts";
import type { ApiOperation, ApiRequest, OperationDeps } from "./operation.ts";
import { parseWith } from "./parse.ts";
import { Problem, problemResponse } from "./problem.ts";
import { queryValues } from "./query.ts";

const MAX_BODY_BYTES = 64 * 1024;

export type HandleRequestDeps = OperationDeps & AuthenticateDeps & { log: Log };

/** A request as the router passes it on. */
export interface RoutedRequest {
  request: Request;
  /** The parameters of the path. */
  path: Record<string, string>;
  query: Record<string, string>;
  client: ClientInfo;
}

/** Runs an operation: authenticates, reads the body, checks both schemas, responds. */
export async function handleRequest(
  deps: HandleRequestDeps,
  operation: ApiOperation,
  routed: RoutedRequest,
): Promise<Response> {
  try {
    const result = await runOperation(deps, operation, routed);
    if (isFailure(result)) return problemResponse(deps.issuer, result);
    const { status } = operation.response;
    const headers = { "cache-control": "no-store" };
    return result === undefined
      ? new Response(null, { status, headers })
      : Response.json(result, { status, headers });
  } catch (error) {
    logFailure(deps.log, "request_failed", error, {
      ...requestFields(routed.request),
      operation: operation.id,
    });
    return problemResponse(
      deps.issuer,
      new DomainError("unavailable", "The server has an internal problem. Try again shortly."),
    );
  }
}

async function runOperation(
  deps: HandleRequestDeps,
  operation: ApiOperation,
  { request, path, query, client }: RoutedRequest,
): Promise<unknown> {
  const authenticated = await authenticate(deps, operation, request, client);
  if (isFailure(authenticated)) return authenticated;
  // All that the headers can decide comes before the body is read.
  const refusal = (expectsJson(operation) ? checkContentType(request) : undefined) ??
    await operation.checkHeaders?.(deps, request.headers);
  if (refusal !== undefined) return refusal;
  const limit = operation.maxBytes ?? MAX_BODY_BYTES;
  using hold = bodyHold(limit, () => client.address);
  const bytes = operation.body === undefined
    ? new Uint8Array()
    : await readBody(request, { limit, hold });
  if (isFailure(bytes)) return bytes;
  const body = parseBody(operation, bytes);
  if (isFailure(body)) return body;
  const parameters = parseQuery(operation, query);
  if (isFailure(parameters)) return parameters;
  return await operation.handle(deps, {
    body: body.value,
    query: parameters.value,
    id: path.id ?? "",
    path,
    client,
    bytes,
    headers: request.headers,
    // Both are set where `access` requires them.
    ...authenticated as Pick<ApiRequest, "user" | "presented">,
  });
}

function expectsJson({ body, raw }: ApiOperation): boolean {
  return body !== undefined && !raw;
}

function parseBody(operation: ApiOperation, bytes: Uint8Array): { value: unknown } | Problem {
  if (!expectsJson(operation)) return { value: undefined };
  const json = parseJson(bytes);
  return json instanceof Problem ? json : parseWith(operation.body!, json.value, "body");
}

function parseQuery(
  { query: schema }: ApiOperation,
  query: Record<string, string>,
): { value: unknown } | Problem {
  if (schema === undefined) return { value: undefined };
  return parseWith(schema, queryValues(schema, query), "query");
}

function isFailure(result: unknown): result is Problem | DomainError {
  return result instanceof Problem || result instanceof DomainError;
}
