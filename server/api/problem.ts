import { isManagementScope, MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { DomainError } from "../domain_error.ts";
import { bearerChallenge } from "../http/authorization.ts";

/** Every kind of problem. Its `type` is a URL of the documentation that ends in `#<name>`. */
export const PROBLEM_TYPES = {
  malformed: {
    status: 400,
    title: "Malformed request",
    description: "The request is not valid JSON, or does not match the schema. `detail` names " +
      "the field.",
  },
  unauthorized: {
    status: 401,
    title: "Authentication required",
    description: "The request has no token, or one that is not valid. `detail` says why.",
  },
  "fresh-sign-in": {
    status: 401,
    title: "Recent sign-in required",
    description: "The approval comes from a browser session whose sign-in is too old. Sign in " +
      "and approve again.",
  },
  signature: {
    status: 401,
    title: "Invalid signature",
    description: "The alert is not signed with a current key.",
  },
  forbidden: {
    status: 403,
    title: "Permission denied",
    description: "The user is not allowed to do this, or the server's policy does not allow it.",
  },
  "insufficient-scope": {
    status: 403,
    title: "Insufficient scope",
    description: "The approval does not cover this request. Request one for `required_scope`.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    description:
      "The token, user, client, resource or operation does not exist, or the token belongs to " +
      "another user.",
  },
  method: {
    status: 405,
    title: "Method not allowed",
    description: "This URL accepts other methods, which the `Allow` header lists.",
  },
  incomplete: {
    status: 408,
    title: "Request timeout",
    description: "The body did not arrive completely within the time limit.",
  },
  conflict: {
    status: 409,
    title: "Conflict",
    description: "The token has already been created, rotated, revoked or imported, an active " +
      "token of the owner, a client or a resource has the same name or id, a user has the same " +
      "e-mail address, the owner has too many tokens, or no administrator would be left.",
  },
  "managed-by-file": {
    status: 409,
    title: "Managed by a file",
    description:
      "A file that the operator applies manages this. Change it there. `managed_by` is " +
      "the name of the file.",
  },
  "too-large": {
    status: 413,
    title: "Request body too large",
    description: "The body is larger than this operation accepts.",
  },
  invalid: {
    status: 422,
    title: "Invalid request",
    description: "The request matches the schema but cannot be carried out. `detail` says what " +
      "to change.",
  },
  "too-many": {
    status: 429,
    title: "Too many requests",
    description: "`Retry-After` says after how many seconds to try again.",
  },
  unavailable: {
    status: 503,
    title: "Service unavailable",
    description: "The server cannot respond at the moment. `Retry-After` says after how many " +
      "seconds to try again.",
  },
} as const satisfies Record<string, { status: number; title: string; description: string }>;

export type ProblemType = keyof typeof PROBLEM_TYPES;

/** Why a request to the REST API failed (RFC 9457 section 3.1). */
export class Problem {
  readonly status: number;
  readonly title: string;
  readonly headers: Record<string, string>;
  /** Extension members (RFC 9457 section 3.2). */
  readonly members: Record<string, string | number>;

  constructor(
    readonly type: ProblemType,
    /** What happened and what to do next. */
    readonly detail: string,
    { status, headers = {}, members = {} }: Partial<
      Pick<Problem, "status" | "headers" | "members">
    > = {},
  ) {
    this.status = status ?? PROBLEM_TYPES[type].status;
    this.title = PROBLEM_TYPES[type].title;
    this.headers = headers;
    this.members = members;
  }
}

/** The one place where failures of use cases become problems. */
export function toProblem(error: DomainError): Problem {
  const { message, scopes, maxLifetime, suggestedName, retryAfterSeconds = 5 } = error;
  const retryAfter = { headers: { "retry-after": `${retryAfterSeconds}` } };
  switch (error.code) {
    case "invalid":
      return new Problem("invalid", message);
    case "forbidden":
      return new Problem("forbidden", message, {
        members: maxLifetime === undefined ? {} : { max_expires_in: maxLifetime },
      });
    case "insufficient_scope":
      return insufficientScope(scopes, message);
    case "not_found":
      return new Problem("not-found", message);
    case "conflict":
      return new Problem("conflict", message, {
        members: suggestedName === undefined ? {} : { suggested_name: suggestedName },
      });
    case "managed_by_file":
      return new Problem("managed-by-file", message, {
        members: error.reason === undefined ? {} : { managed_by: error.reason },
      });
    case "rate_limited":
      return new Problem("too-many", message, retryAfter);
    case "unavailable":
      return new Problem("unavailable", message, retryAfter);
  }
}

/** Names the scopes of an approval that would do (RFC 6750 section 3.1). */
function insufficientScope(missing: readonly string[], detail: string): Problem {
  // With only the scopes of a new token, the approval could not create it.
  const scopes = missing.some(isManagementScope) ? missing : [MANAGEMENT_SCOPES.write, ...missing];
  const scope = formatScope(scopes);
  const challenge = bearerChallenge(new OAuthError("insufficient_scope", detail), { scope });
  return new Problem("insufficient-scope", detail, {
    headers: { "www-authenticate": challenge },
    members: { required_scope: scope },
  });
}

export function problemResponse(issuer: string, failure: Problem | DomainError): Response {
  const problem = failure instanceof DomainError ? toProblem(failure) : failure;
  const { type, title, status, detail, headers, members } = problem;
  return Response.json({ type: `${issuer}/api/docs#${type}`, title, status, detail, ...members }, {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}
