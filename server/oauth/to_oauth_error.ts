import { OAuthError, type OAuthErrorCode } from "../../shared/oauth/errors.ts";
import type { DomainError, DomainErrorCode } from "../domain_error.ts";

const CODES: Record<DomainErrorCode, OAuthErrorCode> = {
  invalid: "invalid_request",
  forbidden: "access_denied",
  insufficient_scope: "insufficient_scope",
  not_found: "invalid_grant",
  conflict: "invalid_grant",
  managed_by_file: "access_denied",
  // With `retryAfterSeconds` it becomes a 429 (see response.ts).
  rate_limited: "temporarily_unavailable",
  unavailable: "temporarily_unavailable",
};

/** The only mapping of a use case's failure to OAuth. */
export function toOAuthError(error: DomainError): OAuthError {
  const { message, retryAfterSeconds } = error;
  const code = error.field === "scope" ? "invalid_scope" : CODES[error.code];
  return new OAuthError(code, message, { retryAfterSeconds });
}
