/** Requests to our server, whose responses can be distinguished from those of a proxy or a network. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { errorMessage, firstText } from "./error_message.ts";
import { ClientError } from "../errors.ts";
import { type HttpIo, type HttpResponse, request, type RequestOptions } from "./http.ts";
import { tryAgain } from "./retry_after.ts";
import { UnexpectedServerError } from "./no_response_error.ts";

/**
 * Sends a request to our server. Its responses are JSON, or a success without a body. Anything
 * else was sent by something else, unless the status is temporary. Throws UnexpectedServerError,
 * and what `request` throws.
 */
export async function requestServer(
  url: string,
  io: HttpIo,
  { mayBeMissing, ...options }: RequestOptions & {
    /** For an endpoint that older servers do not have: their 404 may not be JSON. */
    mayBeMissing?: boolean;
  } = {},
): Promise<HttpResponse> {
  const response = await request(url, io, options);
  const isExpected = isTemporary(response.status) || isFromServer(response) ||
    (mayBeMissing && response.status === 404);
  if (isExpected) return response;
  throw unexpectedServer(url, response);
}

/** The error for a response that our server does not send. */
export function unexpectedServer(
  url: string,
  { status, location }: Pick<HttpResponse, "status" | "location">,
): UnexpectedServerError {
  const redirect = location === undefined ? "" : `, redirects to ${sanitizeLine(location)}`;
  return new UnexpectedServerError(new URL(url), `HTTP ${status}${redirect}`);
}

/** Our server never redirects these requests, nor requires proxy authentication. */
function isFromServer({ status, body, text }: HttpResponse): boolean {
  if (status < 200 || (status >= 300 && status < 400) || status === 407) return false;
  // An empty 404 comes from another kind of server, not from a sign-in page.
  return body !== undefined || (text === "" && (status < 300 || status === 404));
}

/** Whether the same request may succeed later (RFC 9110 section 15.6, RFC 6585 section 4). */
export function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** The error for an unexpected status; `what` names what was requested. */
export function unexpectedStatus(url: string, what: string, response: HttpResponse): ClientError {
  const { origin } = new URL(url);
  if (isTemporary(response.status)) {
    return new ClientError(
      "server_unavailable",
      `${origin} cannot answer at the moment (HTTP ${response.status} on ${what}). ` +
        tryAgain(response.retryAfter),
    );
  }
  const message = errorMessage(response.body) ??
    firstText(response.location && `redirects to ${response.location}`);
  const detail = message === undefined ? "" : `: ${message}`;
  return new ClientError(
    "request_rejected",
    `${origin} rejected ${what} (HTTP ${response.status})${detail}`,
  );
}
