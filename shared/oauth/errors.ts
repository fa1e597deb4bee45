/** The error codes of our responses, and where each is defined. */
export const OAUTH_ERROR_CODES = [
  "invalid_request", // RFC 6749 section 5.2
  "invalid_client", // RFC 6749 section 5.2
  "invalid_grant", // RFC 6749 section 5.2
  "unauthorized_client", // RFC 6749 section 5.2
  "unsupported_grant_type", // RFC 6749 section 5.2
  "invalid_scope", // RFC 6749 section 5.2
  "unsupported_response_type", // RFC 6749 section 4.1.2.1
  "access_denied", // RFC 6749 section 4.1.2.1, RFC 8628 section 3.5
  "authorization_pending", // RFC 8628 section 3.5
  "slow_down", // RFC 8628 section 3.5
  "expired_token", // RFC 8628 section 3.5
  "unsupported_token_type", // RFC 7009 section 2.2.1
  "invalid_target", // RFC 8707 section 2, RFC 8693 section 2.2.2
  "invalid_token", // RFC 6750 section 3.1
  "insufficient_scope", // RFC 6750 section 3.1
  "unmet_authentication_requirements", // RFC 9470 section 5
  "insufficient_user_authentication", // RFC 9470 section 3
  "login_required", // OpenID Connect Core 1.0 section 3.1.2.6
  "consent_required", // OpenID Connect Core 1.0 section 3.1.2.6
  "interaction_required", // OpenID Connect Core 1.0 section 3.1.2.6
  "request_not_supported", // OpenID Connect Core 1.0 section 3.1.2.6
  "request_uri_not_supported", // OpenID Connect Core 1.0 section 3.1.2.6
  "registration_not_supported", // OpenID Connect Core 1.0 section 3.1.2.6
  "temporarily_unavailable", // RFC 6749 section 4.1.2.1
  "server_error", // RFC 6749 section 4.1.2.1
] as const;

export type OAuthErrorCode = typeof OAUTH_ERROR_CODES[number];

/** The body of an error response (RFC 6749 section 5.2). */
export interface OAuthErrorResponse {
  error: OAuthErrorCode;
  error_description?: string;
  /** For programs, where an error code of the standards has several causes that they can act on. */
  reason?: OAuthErrorReason;
}

/** `token_replayed`: the token would be accepted, but was used before (RFC 7523 section 3 item 7). */
export type OAuthErrorReason = "token_replayed";

/**
 * An error in a response to a client. `message` is sent as
 * `error_description` and says what to do next; it never holds a secret.
 */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  /** For a client that sent too many requests: seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;
  /** For `invalid_client`: whether the client did not try to authenticate. */
  readonly unauthenticated: boolean;
  readonly reason?: OAuthErrorReason;
  constructor(
    readonly code: OAuthErrorCode,
    message: string,
    options: {
      retryAfterSeconds?: number;
      unauthenticated?: boolean;
      reason?: OAuthErrorReason;
    } = {},
  ) {
    super(message);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.reason = options.reason;
    this.unauthenticated = options.unauthenticated ?? false;
  }
}
