import { type Context, Hono } from "hono";
import * as z from "zod/mini";
import type { AppParts } from "../app_parts.ts";
import { clientAddressReader } from "../http/client_ip.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { bearerChallenge, bearerToken } from "../http/authorization.ts";
import { BodyError, bodyHold, readBytes } from "../http/body.ts";
import { publicDocument } from "../http/public_document.ts";
import type { BodyHold } from "../http/body_budget.ts";
import { type ClientInfo, clientInfoOf, type ConnectionBindings } from "../http/client_info.ts";
import { audienceOf } from "../tokens/resource.ts";
import { commandLineClient } from "../store/clients.ts";
import { findUser, type User } from "../store/users.ts";
import { describeResult } from "../validation/describe_result.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";
import { leakOperations } from "./leak_operations.ts";
import { requirePermission } from "./permission.ts";
import { openApiDocument } from "./openapi.ts";
import type { ApiOperation, ApiParts } from "./operation.ts";
import { Problem, problemResponse } from "./problem.ts";
import { queryValues } from "./query.ts";
import { SecretScanningKeys } from "./secret_scanning_keys.ts";
import { tokenOperations } from "./token_operations.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** Every operation of the REST interface. */
export const apiOperations: readonly ApiOperation[] = [...tokenOperations, ...leakOperations];

type ApiContext = Context<{ Bindings: ConnectionBindings }>;

/** The REST interface: its routes and its description, both out of the table of operations. */
export function api(appParts: AppParts): Hono<{ Bindings: ConnectionBindings }> {
  const { config, clock, issuer } = appParts;
  const parts: ApiParts = {
    ...appParts,
    secretScanningKeys: new SecretScanningKeys(
      config.secretScanningKeysUrl,
      clock,
      appParts.http,
      config.outboundPrivateAddresses,
    ),
  };
  const clientAddress = clientAddressReader(config.trustedProxies);
  const routes = new Hono<{ Bindings: ConnectionBindings }>();
  for (const [path, operations] of operationsByPath()) {
    const route = path.replace("{id}", ":id");
    for (const operation of operations) {
      routes.on(
        operation.method,
        route,
        (c) => answerOrProblem(parts, operation, c, clientInfoOf(c, clientAddress)),
      );
    }
    const allow = operations.map(({ method }) => method.toUpperCase()).join(", ");
    routes.all(route, () => methodNotAllowed(issuer, allow));
  }
  const document = JSON.stringify(openApiDocument(issuer, apiOperations));
  publicDocument(
    routes,
    "/api/openapi.json",
    () => new Response(document, { headers: { "content-type": "application/json" } }),
  );
  routes.all("/api/openapi.json", () => methodNotAllowed(issuer, "GET, HEAD, OPTIONS"));
  routes.all("/api/*", async (c, next) => {
    // A page, which people read.
    if (c.req.path === "/api/docs") return await next();
    const detail = `There is no such operation. See ${issuer}/api/docs.`;
    return problemResponse(issuer, new Problem(404, "not-found", "Not found", detail));
  });
  return routes;
}

/** RFC 9110 section 15.5.6. */
function methodNotAllowed(issuer: string, allow: string): Response {
  const detail = `This address takes ${allow}.`;
  return problemResponse(
    issuer,
    new Problem(405, "method", "Another method is wanted", detail, { allow }),
  );
}

/** Paths without a parameter first: `/tokens/import` is never the `{id}` of `/tokens/{id}`. */
function operationsByPath(): [path: string, operations: ApiOperation[]][] {
  const paths = [...new Set(apiOperations.map(({ path }) => path))];
  return [false, true].flatMap((templated) =>
    paths.filter((path) => path.includes("{") === templated).map((path) =>
      [path, apiOperations.filter((operation) => operation.path === path)] as [
        string,
        ApiOperation[],
      ]
    )
  );
}

async function answerOrProblem(
  parts: ApiParts,
  operation: ApiOperation,
  c: ApiContext,
  requester: ClientInfo,
): Promise<Response> {
  try {
    return await answer(parts, operation, c, requester);
  } catch (error) {
    if (error instanceof Problem) return problemResponse(parts.issuer, error);
    const { name, message } = error as Error;
    parts.log("error", "request_failed", { operation: operation.id, error: name, reason: message });
    const detail = "The server has trouble. Try again shortly.";
    const headers = { "retry-after": "5" };
    return problemResponse(
      parts.issuer,
      new Problem(503, "unavailable", "Try again", detail, headers),
    );
  }
}

async function answer(
  parts: ApiParts,
  operation: ApiOperation,
  c: ApiContext,
  requester: ClientInfo,
): Promise<Response> {
  const request = c.req.raw;
  const { presented, user } = await authenticate(parts, operation, request, requester);
  // All that headers can decide, before a byte of the body is read.
  if (operation.body !== undefined && !operation.raw) requireJson(request);
  await operation.admit?.(parts, request.headers);
  const limit = operation.maxBytes ?? MAX_BODY_BYTES;
  using hold = bodyHold(limit, () => requester.address);
  const bytes = operation.body === undefined
    ? new Uint8Array()
    : await readBody(request, { limit, hold });
  const result = await operation.handle(parts, {
    body: operation.raw || operation.body === undefined
      ? undefined
      : fitting(operation.body, readJson(bytes), "body"),
    query: operation.query &&
      fitting(operation.query, queryValues(operation.query, c.req.query()), "query"),
    id: c.req.param("id") ?? "",
    requester,
    // Set where the operation says that they are needed.
    user: user!,
    presented: presented!,
    bytes,
    headers: request.headers,
  });
  const { status } = operation.answer;
  const headers = { "cache-control": "no-store" };
  return result === undefined
    ? new Response(null, { status, headers })
    : Response.json(result, { status, headers });
}

/** Who asks, if they may; throws Problem. */
async function authenticate(
  parts: ApiParts,
  { access }: ApiOperation,
  request: Request,
  requester: ClientInfo,
): Promise<{ presented?: ValidatedToken; user?: User }> {
  if (access === "public") return {};
  const resource = access === "token" ? "api" : "management";
  const token = bearerToken(request.headers);
  if (token === undefined) {
    throw unauthorized(
      `Send a token for ${
        audienceOf(parts, resource)
      } as Authorization: Bearer. See ${parts.issuer}/api/docs.`,
      bearerChallenge(),
    );
  }
  const verdict = await parts.tokenValidator.validate(token, requester, resource);
  if (verdict.state !== "active") {
    const error = describeResult(verdict);
    throw unauthorized(error.message, bearerChallenge(error));
  }
  const presented = verdict.token;
  if (access === "token") return { presented };
  // Only a person approves, and only for the command line (the scopes' `clients`).
  if (presented.clientId !== commandLineClient.id || presented.authenticatedAt === undefined) {
    throw forbidden(`Only a login of ${commandLineClient.name} may manage tokens.`);
  }
  requirePermission(presented, access);
  if (access !== "read") requireFreshSignIn(parts, presented);
  const user = await findUser(parts.sql, presented.subject);
  if (user === undefined || user.disabledAt !== undefined) {
    throw forbidden("The account is disabled.");
  }
  return { presented, user };
}

/** `device_fresh_sign_in` holds here too: the sign-in was fresh when the token was issued (RFC 9470). */
function requireFreshSignIn({ config }: ApiParts, presented: ValidatedToken): void {
  const seconds = config.deviceFlow.freshSignInSeconds;
  if (seconds === undefined) return;
  const age = presented.issuedAt - (presented.authenticatedAt ?? 0);
  if (age <= seconds * 1000) return;
  const error = new OAuthError(
    "insufficient_user_authentication",
    "This server wants a newer sign-in for this. Approve it in the browser again.",
  );
  throw new Problem(401, "fresh-sign-in", "A newer sign-in is needed", error.message, {
    "www-authenticate": `${bearerChallenge(error)}, max_age="${seconds}"`,
  });
}

function unauthorized(detail: string, challenge: string): Problem {
  return new Problem(401, "unauthorized", "Not signed in", detail, {
    "www-authenticate": challenge,
  });
}

function forbidden(detail: string): Problem {
  return new Problem(403, "forbidden", "Not allowed", detail);
}

async function readBody(
  request: Request,
  options: { limit: number; hold: BodyHold },
): Promise<Uint8Array> {
  const bytes = await readBytes(request, options);
  if (!(bytes instanceof BodyError)) return bytes;
  switch (bytes.reason) {
    case "too_large": {
      const detail = `The body may have ${options.limit} bytes at most.`;
      throw new Problem(413, "too-large", "Too large", detail);
    }
    case "incomplete":
      throw new Problem(408, "incomplete", "Incomplete", "The body did not arrive whole in time.");
    case "busy":
      throw new Problem(503, "unavailable", "Try again", "The server is busy. Try again shortly.", {
        "retry-after": "5",
      });
  }
}

function requireJson({ headers }: Request): void {
  const type = headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/json") {
    throw new Problem(415, "malformed", "The request does not fit", "Send application/json.");
  }
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw malformed("The body is no JSON.");
  }
}

function fitting(schema: z.ZodMiniType, value: unknown, where: string): unknown {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const reasons = result.error.issues.slice(0, 5).map((issue) =>
    `${[where, ...issue.path].join(".")} ${describeIssue(issue)}`
  );
  throw malformed(`${reasons.join("; ")}.`);
}

/** In our words: the library's would bring all of its languages. */
function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be of the type ${issue.expected}`;
    case "too_small":
      return `is too small: at least ${issue.minimum}`;
    case "too_big":
      return `is too large: at most ${issue.maximum}`;
    case "unrecognized_keys":
      return `has unknown members: ${issue.keys.slice(0, 5).join(", ").slice(0, 100)}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "custom":
      return "holds characters that cannot be kept";
    default:
      return "does not have the right form";
  }
}

function malformed(detail: string): Problem {
  return new Problem(400, "malformed", "The request does not fit", detail);
}
