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
    readonly members: Record<string, string> = {},
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
