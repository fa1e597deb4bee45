/** The statuses that problems have, and what each means to a client. */
export const PROBLEM_STATUSES = {
  400: "The request does not fit its schema.",
  401: "No token came, or one that is not valid. `WWW-Authenticate` says why (RFC 6750).",
  403: "The token's permissions or the server's policy do not allow it.",
  404: "There is no such token, or it is somebody else's.",
  408: "The body did not arrive whole in time.",
  409: "Somebody was faster, or a limit is reached.",
  413: "The body is too large.",
  415: "The body is not sent as application/json.",
  422: "The request fits its schema and yet cannot be carried out.",
  429: "Too many requests. `Retry-After` says how many seconds to wait.",
  503: "The server cannot answer now. `Retry-After` says how many seconds to wait.",
} as const;

export type ProblemStatus = keyof typeof PROBLEM_STATUSES;

/** What went wrong with a request to the REST interface (RFC 9457 section 3.1). */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    /** Names the kind of problem; an anchor of the documentation. */
    readonly type: string,
    readonly title: string,
    /** This occurrence, and what to do about it. */
    detail: string,
    readonly headers: Record<string, string> = {},
    /** Extension members (RFC 9457 section 3.2). */
    readonly members: Record<string, string | number> = {},
  ) {
    super(detail);
  }
}

/** A problem on the wire. */
export function problemResponse(issuer: string, problem: Problem): Response {
  const { type, title, status, message: detail, headers, members } = problem;
  return Response.json({ type: `${issuer}/api/docs#${type}`, title, status, detail, ...members }, {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}
