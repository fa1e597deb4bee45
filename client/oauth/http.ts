/** HTTP requests, limited in time and size. */
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import type { ClientIo } from "../io.ts";
import { temporarilyUnreachable, UnexpectedServerError } from "./no_response_error.ts";

/** For one request with its response. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** Our server's responses have a few kilobytes. */
const MAX_RESPONSE_BYTES = 256 * 1024;

/** In seconds. */
const MAX_RETRY_AFTER = 86_400;

/** JSON, problems (RFC 9457), and other types: the metadata server of a cloud sends text. */
const ACCEPT = "application/json, application/problem+json, */*;q=0.1";

/** The trace that the caller of the command is a part of (W3C Trace Context section 3.2). */
const TRACE_PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What a request needs of the process. */
export type HttpIo = Pick<ClientIo, "fetch" | "signal" | "clock" | "env" | "platform">;

export interface HttpResponse {
  status: number;
  text: string;
  /** The JSON body, if it was a JSON object. */
  body: Record<string, unknown> | undefined;
  /** Seconds until the time of a Retry-After header, at most a day (RFC 9110 section 10.2.3). */
  retryAfter: number | undefined;
  /** The target of a redirect; redirects are never followed. */
  location: string | undefined;
  /** When it was sent, by the clock of the server, in ms since 1970 (RFC 9110 section 6.6.1). */
  date: number | undefined;
}

export interface RequestOptions {
  /** By default POST with a body, else GET. */
  method?: string;
  /** The body, as `application/x-www-form-urlencoded`. */
  form?: Record<string, string | readonly string[]>;
  /** The body, as JSON. */
  json?: unknown;
  bearerToken?: string;
  /** Further headers. */
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/**
 * Sends a request and returns the response, whatever its status. Throws NoResponseError, or the
 * reason of `io.signal`.
 */
export async function request(
  url: string,
  io: HttpIo,
  { method, form, json, bearerToken, headers: more, timeoutMs = REQUEST_TIMEOUT_MS }:
    RequestOptions = {},
): Promise<HttpResponse> {
  const headers = new Headers({
    accept: ACCEPT,
    "user-agent": userAgent(io),
    ...more,
  });
  const { TRACEPARENT = "" } = io.env;
  if (TRACE_PARENT.test(TRACEPARENT)) headers.set("traceparent", TRACEPARENT);
  if (bearerToken !== undefined) headers.set("authorization", `Bearer ${bearerToken}`);
  if (json !== undefined) headers.set("content-type", "application/json");
  const body = json === undefined ? form && formBody(form) : JSON.stringify(json);
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
      retryAfter: parseRetryAfter(
        response.headers.get("retry-after"),
        parseDate(response.headers.get("date")) ?? io.clock.now(),
      ),
      location: response.headers.get("location") ?? undefined,
      date: parseDate(response.headers.get("date")),
    };
  } catch (error) {
    if (io.signal.aborted) throw io.signal.reason;
    if (timeout.signal.aborted) {
      throw temporarilyUnreachable(new URL(url), `no answer within ${timeoutMs / 1000} s`);
    }
    // Most commands never need it.
    const { connectionError } = await import("./connection_error.ts");
    throw connectionError(error, new URL(url), io);
  } finally {
    clearTimeout(timer);
  }
}

/** For the approval page and the log of the server: `name/version (os arch)`. */
function userAgent(io: Pick<ClientIo, "platform">): string {
  return `${brand.binaryName}/${version} (${io.platform.os} ${io.platform.arch})`;
}

async function readText(response: Response): Promise<string> {
  if (!response.body) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    // Throwing out of the loop cancels the body.
    if (length > MAX_RESPONSE_BYTES) {
      throw new UnexpectedServerError(
        new URL(response.url),
        `HTTP ${response.status}, more than ${MAX_RESPONSE_BYTES / 1024} KB`,
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

function parseDate(header: string | null): number | undefined {
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? undefined : date;
}

/** `now`: by the clock of the server, since this machine's may be wrong. */
function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER);
  // An HTTP-date begins with the name of a day; Date.parse reads much else.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const date = parseDate(text);
  if (date === undefined) return undefined;
  return Math.min(Math.max(0, Math.ceil((date - now) / 1000)), MAX_RETRY_AFTER);
}

/** A parameter with several values occurs once for each (RFC 8707 section 2). */
function formBody(form: Record<string, string | readonly string[]>): URLSearchParams {
  return new URLSearchParams(
    Object.entries(form).flatMap(([name, values]) => [values].flat().map((value) => [name, value])),
  );
}
