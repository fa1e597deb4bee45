import { Buffer } from "node:buffer";
import { LAST_TIME } from "../../shared/clock.ts";
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { isUuid } from "../../shared/uuid.ts";
import { createToken, importToken, type MadeToken } from "../pats/create.ts";
import { cursorAfter, readCursor } from "../pats/list_cursor.ts";
import { revokeToken } from "../pats/revoke.ts";
import { mayRotate, rotateToken } from "../pats/rotate.ts";
import { findOwnerByName, findUserAsOwner, type PatOwner, userAsOwner } from "../pats/owner.ts";
import { DomainError } from "../domain_error.ts";
import { findPersonalAccessToken } from "../store/pats/find.ts";
import { listPersonalAccessTokens, type ListPosition } from "../store/pats/list.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { type ApiOperation, type ApiParts, type ApiRequest, operation } from "./operation.ts";
import { insufficientScope, requirePermission } from "./permission.ts";
import { Problem } from "./problem.ts";
import {
  importedToken,
  listQuery,
  madeToken,
  newToken,
  rotation,
  token,
  tokenList,
} from "./schemas.ts";

const PAGE_LENGTH = 50;
/** An id that no login has. */
const NO_LOGIN = "00000000-0000-0000-0000-000000000000";

export const tokenOperations: readonly ApiOperation[] = [
  operation({
    method: "post",
    path: "/api/v1/tokens",
    id: "createToken",
    summary: "Make a token",
    description: "The secret is in this answer and nowhere else.",
    access: "write",
    body: newToken,
    answer: { status: 201, description: "The new token.", schema: madeToken },
    problems: [409, 422],
    async handle(parts, request) {
      const { body, user } = request;
      const holder = body.owner === undefined || body.owner === user.email
        ? userAsOwner(user)
        : await serviceAccount(parts, request, body.owner);
      return made(
        await createToken(parts, {
          holder,
          wish: {
            name: body.name,
            scopes: body.scopes,
            lifetime: body.expires_in,
            allowedAddresses: body.allowed_addresses ?? [],
            approvedScopes: request.presented.scopes,
          },
          actor: actorOf(request),
        }),
      );
    },
  }),
  operation({
    method: "get",
    path: "/api/v1/tokens",
    id: "listTokens",
    summary: "List tokens, the newest first",
    access: "read",
    query: listQuery,
    answer: { status: 200, description: "One page of tokens.", schema: tokenList },
    problems: [422],
    async handle({ sql }, request) {
      const { query, user } = request;
      if (query.all === true) requireAdministrator(request);
      const limit = query.limit ?? PAGE_LENGTH;
      const found = await listPersonalAccessTokens(sql, {
        ...query.created_by === "login"
          // A login without an id has created none.
          ? { createdByLogin: request.presented.loginId ?? NO_LOGIN }
          : { ownerId: query.all === true ? undefined : user.id },
        search: query.search === "" ? undefined : query.search,
        after: query.cursor === undefined ? undefined : startingPoint(query.cursor),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      return {
        tokens: page.map(shown),
        next_cursor: found.length > limit ? cursorAfter(page[limit - 1]) : null,
      };
    },
  }),
  operation({
    method: "get",
    path: "/api/v1/token",
    id: "showOwnToken",
    summary: "Show the token this request is made with",
    description: "The one thing a personal access token may do here: read itself.",
    access: "token",
    answer: { status: 200, description: "The token.", schema: token },
    problems: [404],
    async handle({ sql }, { presented }) {
      const found = presented.kind === "personal_access_token"
        ? await findPersonalAccessToken(sql, presented.id)
        : undefined;
      if (found === undefined) throw notFound("This is no personal access token.");
      return shown({ ...found, scope: presented.scope });
    },
  }),
  operation({
    method: "post",
    path: "/api/v1/tokens/import",
    id: "importToken",
    summary: "Take over a token of an older deployment by its hash",
    access: "admin",
    body: importedToken,
    answer: { status: 201, description: "The token as it is known now.", schema: token },
    problems: [409, 422],
    async handle(parts, request) {
      const { body } = request;
      requireAdministrator(request);
      const holder = await findOwnerByName(parts.sql, body.owner);
      if (holder === undefined) throw invalid(`There is no user or service account ${body.owner}.`);
      const imported = await importToken(parts, {
        holder,
        wish: {
          name: body.name,
          scopes: body.scopes,
          lifetime: secondsUntil(parts, body.expires_at),
          allowedAddresses: body.allowed_addresses ?? [],
          approvedScopes: request.presented.scopes,
        },
        actor: actorOf(request),
        hash: Buffer.from(body.token_hash, "hex"),
      });
      return shown(unwrap(imported));
    },
  }),
  operation({
    method: "get",
    path: "/api/v1/tokens/{id}",
    id: "showToken",
    summary: "Show a token",
    access: "read",
    answer: { status: 200, description: "The token.", schema: token },
    handle: async (parts, request) => shown(await findOwn(parts, request)),
  }),
  operation({
    method: "post",
    path: "/api/v1/tokens/{id}/rotate",
    id: "rotateToken",
    summary: "Replace a token by one with a new secret",
    access: "write",
    body: rotation,
    answer: { status: 201, description: "The new token.", schema: madeToken },
    problems: [409, 422],
    async handle(parts, request) {
      const { body } = request;
      const old = await findOwn(parts, request);
      if (!mayRotate(request.user, old)) {
        throw new Problem(
          403,
          "forbidden",
          "Not allowed",
          "Nobody gets a token that speaks for another person. Revoke it instead.",
        );
      }
      const holder = old.owner.kind === "user"
        ? await findUserAsOwner(parts.sql, old.owner.id)
        : await findOwnerByName(parts.sql, old.owner.username);
      if (holder === undefined) throw notFound();
      return made(
        await rotateToken(parts, {
          id: old.id,
          holder,
          overlap: body.overlap,
          lifetime: body.expires_in,
          actor: actorOf(request),
          approvedScopes: request.presented.scopes,
        }),
      );
    },
  }),
  operation({
    method: "delete",
    path: "/api/v1/tokens/{id}",
    id: "revokeToken",
    summary: "End a token at once",
    access: "write",
    answer: { status: 204, description: "It has ended." },
    async handle(parts, request) {
      const found = await findOwn(parts, request);
      const reason = found.owner.id === request.user.id ? "owner" : "administrator";
      await revokeToken(parts, { token: found, reason, actor: actorOf(request) });
    },
  }),
];

function actorOf({ user, requester, presented }: ApiRequest) {
  return { id: user.id, address: requester.address, loginId: presented.loginId };
}

/** The person's own token, or any for an administrator; for others it does not exist. */
async function findOwn({ sql }: ApiParts, request: ApiRequest): Promise<PersonalAccessToken> {
  const { id, user } = request;
  const found = isUuid(id) ? await findPersonalAccessToken(sql, id) : undefined;
  if (found === undefined || (found.owner.id !== user.id && !user.isAdmin)) throw notFound();
  if (found.owner.id !== user.id) requireAdministrator(request);
  return found;
}

async function serviceAccount(
  { sql }: ApiParts,
  request: ApiRequest,
  name: string,
): Promise<PatOwner> {
  requireAdministrator(request);
  const holder = await findOwnerByName(sql, name);
  // Nobody makes a token that speaks for another person.
  if (holder?.owner.kind !== "service_account") {
    throw invalid(`There is no service account ${name}.`);
  }
  return holder;
}

/** The person is one, and the approval says so: an administrator's other logins are not enough. */
function requireAdministrator({ user, presented }: ApiRequest): void {
  if (!user.isAdmin) {
    throw new Problem(403, "forbidden", "Not allowed", "Only administrators may do this.");
  }
  requirePermission(presented, "admin");
}

function notFound(detail = "There is no such token, or it is somebody else's."): Problem {
  return new Problem(404, "not-found", "Not found", detail);
}

function invalid(detail: string): Problem {
  return new Problem(422, "invalid", "This cannot be done", detail);
}

const PROBLEMS: Record<
  DomainError["code"],
  (detail: string, error: DomainError) => Problem
> = {
  insufficient_scope: (detail, { scopes }) =>
    insufficientScope([MANAGEMENT_SCOPES.write, ...scopes], detail),
  invalid,
  forbidden: (detail, { maxLifetime }) =>
    new Problem(
      403,
      "forbidden",
      "Not allowed",
      detail,
      {},
      maxLifetime === undefined ? {} : { max_expires_in: maxLifetime },
    ),
  not_found: (detail) => notFound(detail),
  conflict: (detail) => new Problem(409, "conflict", "Too late", detail),
  rate_limited: (detail, { retryAfterSeconds = 1 }) =>
    new Problem(429, "rate-limited", "Too many requests", detail, {
      "retry-after": `${retryAfterSeconds}`,
    }),
  unavailable: (detail) =>
    new Problem(503, "unavailable", "Unavailable", detail, { "retry-after": "1" }),
};

function unwrap<T>(result: T | DomainError): T {
  if (result instanceof DomainError) {
    throw PROBLEMS[result.code](result.message, result);
  }
  return result;
}

function made(result: MadeToken | DomainError) {
  const { secret, token } = unwrap(result);
  return { ...shown(token), token: secret };
}

/** A token on the wire. */
function shown(token: PersonalAccessToken) {
  const moment = (date?: Date) => date?.toISOString() ?? null;
  return {
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    scopes: parseScope(token.scope) ?? [],
    allowed_addresses: token.allowedAddresses,
    created_at: moment(token.createdAt),
    expires_at: moment(token.expiresAt),
    last_used_at: moment(token.lastUsedAt),
    last_used_address: token.lastUsedAddress ?? null,
    last_used_agent: token.lastUsedAgent ?? null,
    revoked_at: moment(token.revokedAt),
    revoked_reason: token.revokedReason ?? null,
    rotated_from: token.rotatedFrom ?? null,
    login_id: token.createdByLogin ?? null,
    leak: token.leak === undefined ? null : {
      at: token.leak.at.toISOString(),
      reporter: token.leak.reporter,
      place: token.leak.place ?? null,
    },
    owner: token.owner,
  };
}

function secondsUntil({ clock }: ApiParts, expiresAt: string | null): number | null {
  if (expiresAt === null) return null;
  const time = Date.parse(expiresAt);
  if (!(time <= LAST_TIME)) {
    throw invalid("expires_at is no date. Write it like 2027-01-31T12:00:00Z.");
  }
  const seconds = Math.floor(time / 1000) - Math.floor(clock.now() / 1000);
  if (seconds < 1) throw invalid("expires_at has passed already.");
  return seconds;
}

function startingPoint(cursor: string): ListPosition {
  const position = readCursor(cursor);
  if (position !== undefined) return position;
  throw invalid("The cursor is not one of ours. Start from the first page.");
}
