import type { OAuthErrorCode, OAuthErrorResponse } from "../../shared/oauth/errors.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";

/** Caches must not store tokens (RFC 6749 section 5.1). */
const NO_STORE = { "cache-control": "no-store", "pragma": "no-cache" };

const STATUS: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  server_error: 500,
};

export function oauthResponse(body: unknown): Response {
  return Response.json(body, { headers: NO_STORE });
}

/**
 * An error response (RFC 6749 section 5.2): 400 unless the error has another status. `options` has
 * a status that HTTP prescribes, and further headers.
 */
export function oauthErrorResponse(
  error: OAuthError,
  options: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const body: OAuthErrorResponse = {
    error: error.code,
    error_description: error.message,
    ...error.reason !== undefined && { reason: error.reason },
  };
  const headers: Record<string, string> = { ...NO_STORE, ...options.headers };
  const { retryAfterSeconds } = error;
  if (error.code === "temporarily_unavailable" || retryAfterSeconds !== undefined) {
    headers["retry-after"] = String(retryAfterSeconds ?? 5);
  }
  const status = options.status ?? statusOf(error);
  // RFC 6749 section 5.2: for a client that used the Authorization header.
  if (error.code === "invalid_client" && status === 401) {
    headers["www-authenticate"] = 'Basic realm="oauth"';
  }
  return Response.json(body, { status, headers });
}

function statusOf({ code, retryAfterSeconds, unauthenticated }: OAuthError): number {
  // RFC 6585 section 4.
  if (retryAfterSeconds !== undefined) return 429;
  // The client did not try to authenticate, and some libraries hide the error_description of a 401.
  if (code === "invalid_client" && unauthenticated) return 400;
  return STATUS[code] ?? 400;
}
