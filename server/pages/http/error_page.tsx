/** Error pages: the one place where failures become statuses and pages. */
import type { Child } from "hono/jsx";
import type { DomainError, DomainErrorCode } from "../../domain_error.ts";
import { requestId } from "../../http/request_id.ts";
import type { PageContext, PageStatus } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { formatCount } from "../../../shared/bounded_count.ts";

/** `malformed`: the request is not a form that a page can send. `gone`: it has expired. */
export type PageErrorCode = DomainErrorCode | "malformed" | "gone";

const STATUS: Record<PageErrorCode, PageStatus> = {
  malformed: 400,
  invalid: 422,
  forbidden: 403,
  insufficient_scope: 403,
  not_found: 404,
  conflict: 409,
  managed_by_file: 409,
  gone: 410,
  rate_limited: 429,
  unavailable: 503,
};

/** Of failures that do not say. */
const DEFAULT_RETRY_AFTER_SECONDS: Partial<Record<PageErrorCode, number>> = {
  rate_limited: 60,
  unavailable: 5,
};

const TITLES: Record<PageErrorCode, string> = {
  malformed: "Invalid request",
  invalid: "Invalid request",
  forbidden: "Permission denied",
  insufficient_scope: "Permission denied",
  not_found: "Not found",
  conflict: "Conflict",
  managed_by_file: "Managed by a file",
  gone: "No longer available",
  rate_limited: "Too many attempts",
  unavailable: "Service unavailable",
};

export interface PageError {
  code: PageErrorCode;
  /** Identifies the error in `data-error`; the code if undefined. */
  id?: string;
  /** A title for the code if undefined. */
  title?: string;
  retryAfterSeconds?: number;
  /** What happened and what to do next. */
  children: Child;
}

export async function errorPage(
  deps: RenderDeps,
  c: PageContext,
  { code, id = code, title = TITLES[code], retryAfterSeconds, children }: PageError,
): Promise<Response> {
  // RFC 6585 section 4, RFC 9110 section 15.6.4.
  const retryAfter = retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS[code];
  if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
  return await renderPage(deps, c, {
    name: "error",
    error: id,
    title,
    status: STATUS[code],
    children: (
      <main>
        <h1>{title}</h1>
        {children}
        <p class="hint">
          Request ID: <code>{requestId(c.req.raw)}</code>
        </p>
      </main>
    ),
  });
}

/** A failure of a use case, with a page's own title or help where it has them. */
export function toPageError(error: DomainError, more: Partial<PageError> = {}): PageError {
  return {
    code: error.code,
    retryAfterSeconds: error.retryAfterSeconds,
    children: <p>{error.message}</p>,
    ...more,
  };
}

/** A rate limit that is reached. `reason` is a sentence. */
export function tooManyAttempts(error: DomainError, reason: string): PageError {
  const minutes = Math.ceil((error.retryAfterSeconds ?? 60) / 60);
  return toPageError(error, {
    children: (
      <>
        <p>{reason}</p>
        <p>
          Try again in {minutes <= 120
            ? formatCount(minutes, "minute")
            : formatCount(Math.ceil(minutes / 60), "hour")}. This affects neither your sessions nor
          your logins.
        </p>
      </>
    ),
  });
}
