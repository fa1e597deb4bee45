/** Requests to the authorization server, bounded in time and size. */
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { version } from "../../shared/version.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { connectionError, ForeignAnswerError, temporarilyUnreachable } from "./connection_error.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";

/** How long one request may take in all, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** Largest answer read, in bytes; ours are a few kilobytes. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * JSON, problems of the REST interface (RFC 9457), and whatever else there is: a metadata server
 * gives its token as text, and a proxy's page can still be told from an answer.
 */
const ACCEPT = "application/json, application/problem+json, */*;q=0.1";

export interface Answer {
  status: number;
  text: string;
  /** The JSON body, if it was a JSON object. */
  body: Record<string, unknown> | undefined;
  /** Seconds of a Retry-After header, if it gave seconds (RFC 9110 section 10.2.3). */
  retryAfter: number | undefined;
  /** Where a redirect points; redirects are never followed. */
  location: string | undefined;
}

export interface RequestOptions {
  /** POST where there is a body, else GET. */
  method?: string;
  /** The body, as `application/x-www-form-urlencoded`. */
  form?: Record<string, string>;
  /** The body, as JSON. */
  json?: unknown;
  bearerToken?: string;
  /** Further headers. */
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/**
 * One request and its answer, whatever its status.
 * Throws NoAnswerError, ClientError for an answer that is too long, or the reason
 * of `io.signal`.
 */
export async function request(
  url: string,
  io: ClientIo,
  { method, form, json, bearerToken, headers: more, timeoutMs = REQUEST_TIMEOUT_MS }:
    RequestOptions = {},
): Promise<Answer> {
  const headers = new Headers({
    accept: ACCEPT,
    "user-agent": userAgent(io),
    ...more,
  });
  if (bearerToken !== undefined) headers.set("authorization", `Bearer ${bearerToken}`);
  if (json !== undefined) headers.set("content-type", "application/json");
  const body = json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const response = await io.fetch(url, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers,
      body,
      // A redirect would carry the tokens in the body to another address.
      redirect: "manual",
      signal: AbortSignal.any([io.signal, timeout.signal]),
    });
    const text = await readText(response);
    return {
      status: response.status,
      text,
      body: parseObject(text),
      retryAfter: parseRetryAfter(response.headers.get("retry-after")),
      location: response.headers.get("location") ?? undefined,
    };
  } catch (error) {
    if (io.signal.aborted) throw io.signal.reason;
    if (timeout.signal.aborted) {
      throw temporarilyUnreachable(new URL(url), `no answer within ${timeoutMs / 1000} s`);
    }
    throw connectionError(error, new URL(url), io);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One request to our server, and its answer: JSON, or a success without a body. Anything
 * else did not come from it, unless it says "try again later". Throws what `request`
 * throws, and ForeignAnswerError.
 */
export async function askServer(
  url: string,
  io: ClientIo,
  { mayBeMissing, ...options }: RequestOptions & {
    /** An older server may not know this address: its 404 need not be JSON. */
    mayBeMissing?: boolean;
  } = {},
): Promise<Answer> {
  const answer = await request(url, io, options);
  const isAnswer = isTemporary(answer.status) || isFromServer(answer) ||
    (mayBeMissing && answer.status === 404);
  if (isAnswer) return answer;
  throw foreignAnswer(url, answer);
}

/** The error for an answer that our server does not give to such a request. */
export function foreignAnswer(
  url: string,
  { status, location }: Pick<Answer, "status" | "location">,
): ForeignAnswerError {
  const redirect = location === undefined ? "" : `, redirects to ${sanitizeLine(location)}`;
  return new ForeignAnswerError(new URL(url), `HTTP ${status}${redirect}`);
}

/** Our server neither redirects these requests nor asks for proxy authentication. */
function isFromServer({ status, body, text }: Answer): boolean {
  if (status < 200 || (status >= 300 && status < 400) || status === 407) return false;
  // Nothing but "not found" is what a server of another kind says, not a sign-in page.
  return body !== undefined || (text === "" && (status < 300 || status === 404));
}

/** Whether a status says "try again later" (RFC 9110 section 15.6, RFC 6585 section 4). */
export function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** The failure that an unexpected answer amounts to; `what` names what was asked for. */
export function unexpectedAnswer(url: string, what: string, answer: Answer): ClientError {
  const { origin } = new URL(url);
  if (isTemporary(answer.status)) {
    return new ClientError(
      EXIT.temporaryFailure,
      `${origin} cannot answer at the moment (HTTP ${answer.status} on ${what}). Try again later.`,
    );
  }
  const description = answer.body?.error_description ?? answer.body?.error ??
    (answer.location && `redirects to ${answer.location}`);
  const detail = description ? `: ${sanitizeLine(description)}` : "";
  return new ClientError(
    EXIT.failure,
    `${origin} refused ${what} (HTTP ${answer.status})${detail}`,
  );
}

/** Tells the person who approves, and the server's log, what asks: `name/version (os arch)`. */
function userAgent(io: ClientIo): string {
  return `${brand.binaryName}/${version} (${io.platform.os} ${io.platform.arch})`;
}

async function readText(response: Response): Promise<string> {
  if (!response.body) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    // Leaving the loop cancels the rest of the body.
    if (length > MAX_ANSWER_BYTES) {
      throw new ForeignAnswerError(
        new URL(response.url),
        `HTTP ${response.status}, more than ${MAX_ANSWER_BYTES / 1024} KB`,
      );
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks as BlobPart[]).text();
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

function parseRetryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) : undefined;
}
