import { OAuthError } from "../../shared/oauth/errors.ts";

/**
 * The authorization endpoint (RFC 6749 section 3.1), which has no response type yet. The error
 * is the response itself and never a redirect: no client has registered a redirect URI, so
 * every URI that a request names is untrusted (section 3.1.2.4).
 */
export function authorization(): OAuthError {
  return new OAuthError(
    "unsupported_response_type",
    "This server does not support the authorization code flow. " +
      "Use the device authorization grant (RFC 8628).",
  );
}
