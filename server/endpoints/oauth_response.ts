import type { OAuthErrorCode, OAuthErrorResponse } from "../../shared/oauth_error.ts";
import { OAuthError } from "../../shared/oauth_error.ts";

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

/** An error as RFC 6749 section 5.2 wants it: 400 unless its code has a status of its own. */
export function oauthErrorResponse(error: OAuthError): Response {
  const body: OAuthErrorResponse = { error: error.code, error_description: error.message };
  const headers = new Headers(NO_STORE);
  // RFC 6749 section 5.2: a client that used the Authorization header is told the scheme.
  if (error.code === "invalid_client") headers.set("www-authenticate", 'Basic realm="oauth"');
  const { retryAfterSeconds } = error;
  if (error.code === "temporarily_unavailable" || retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(retryAfterSeconds ?? 5));
  }
  // RFC 6585 section 4: 429 for who asked too often.
  const status = retryAfterSeconds === undefined ? STATUS[error.code] ?? 400 : 429;
  return Response.json(body, { status, headers });
}
