import type { OAuthErrorCode, OAuthErrorResponse } from "../../shared/oauth/errors.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";

/** Tokens must not be kept by caches (RFC 6749 section 5.1). */
const NO_STORE = { "cache-control": "no-store", "pragma": "no-cache" };

const STATUS: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  server_error: 500,
};

/** A success body that no cache keeps. */
export function oauthResponse(body: unknown): Response {
  return Response.json(body, { headers: NO_STORE });
}

/**
 * An error as RFC 6749 section 5.2 wants it: 400 unless its code has a status of its own.
 * `answer` has a status that HTTP itself prescribes, and further headers.
 */
export function oauthErrorResponse(
  error: OAuthError,
  answer: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const body: OAuthErrorResponse = { error: error.code, error_description: error.message };
  const headers = new Headers({ ...NO_STORE, ...answer.headers });
  const { retryAfterSeconds } = error;
  if (error.code === "temporarily_unavailable" || retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(retryAfterSeconds ?? 5));
  }
  const status = answer.status ?? statusOf(error);
  // RFC 6749 section 5.2: a client that used the Authorization header gets its scheme.
  if (error.code === "invalid_client" && status === 401) {
    headers.set("www-authenticate", 'Basic realm="oauth"');
  }
  return Response.json(body, { status, headers });
}

function statusOf({ code, retryAfterSeconds, unauthenticated }: OAuthError): number {
  // RFC 6585 section 4: 429 for who asked too often.
  if (retryAfterSeconds !== undefined) return 429;
  // No authentication failed, and some libraries show no error_description of a 401.
  if (code === "invalid_client" && unauthenticated) return 400;
  return STATUS[code] ?? 400;
}
