/** Requests to our server, whose answers can be distinguished from those of a proxy or a network. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import { type Answer, type HttpIo, request, type RequestOptions } from "./http.ts";
import { ForeignAnswerError } from "./no_answer_error.ts";

/**
 * Sends a request to our server. Its answers are JSON, or a success without a body. Anything
 * else was sent by something else, unless the status is temporary. Throws ForeignAnswerError,
 * and what `request` throws.
 */
export async function askServer(
  url: string,
  io: HttpIo,
  { mayBeMissing, ...options }: RequestOptions & {
    /** For an endpoint that older servers do not have: their 404 may not be JSON. */
    mayBeMissing?: boolean;
  } = {},
): Promise<Answer> {
  const answer = await request(url, io, options);
  const isAnswer = isTemporary(answer.status) || isFromServer(answer) ||
    (mayBeMissing && answer.status === 404);
  if (isAnswer) return answer;
  throw foreignAnswer(url, answer);
}

/** The error for an answer that our server does not send. */
export function foreignAnswer(
  url: string,
  { status, location }: Pick<Answer, "status" | "location">,
): ForeignAnswerError {
  const redirect = location === undefined ? "" : `, redirects to ${sanitizeLine(location)}`;
  return new ForeignAnswerError(new URL(url), `HTTP ${status}${redirect}`);
}

/** Our server never redirects these requests, nor requires proxy authentication. */
function isFromServer({ status, body, text }: Answer): boolean {
  if (status < 200 || (status >= 300 && status < 400) || status === 407) return false;
  // An empty 404 comes from another kind of server, not from a sign-in page.
  return body !== undefined || (text === "" && (status < 300 || status === 404));
}

/** Whether the same request may succeed later (RFC 9110 section 15.6, RFC 6585 section 4). */
export function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** The error for an unexpected status; `what` names what was requested. */
export function unexpectedAnswer(url: string, what: string, answer: Answer): ClientError {
  const { origin } = new URL(url);
  if (isTemporary(answer.status)) {
    return new ClientError(
      "server_unavailable",
      `${origin} cannot answer at the moment (HTTP ${answer.status} on ${what}). Try again later.`,
    );
  }
  const description = answer.body?.error_description ?? answer.body?.error ??
    (answer.location && `redirects to ${answer.location}`);
  const detail = description ? `: ${sanitizeLine(description)}` : "";
  return new ClientError(
    "request_rejected",
    `${origin} refused ${what} (HTTP ${answer.status})${detail}`,
  );
}
