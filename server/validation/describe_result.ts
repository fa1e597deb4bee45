import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ValidationResult } from "./validated_token.ts";

type Rejection = Exclude<ValidationResult, { state: "active" }>;

/**
 * The error for a token that was rejected (RFC 6750 section 3.1). It says why, so that the log of
 * a job that suddenly fails does too. ASCII without quotes: it is sent in a header.
 */
export function describeResult(result: Rejection): OAuthError {
  return new OAuthError("invalid_token", message(result));
}

function message(result: Rejection): string {
  switch (result.state) {
    case "unknown":
      return "The token is unknown. Check that it is complete, and that this server issued it.";
    case "other_resource":
      return `The token is for ${result.token.audience}, not for this resource.`;
    case "expired":
      return `The token expired at ${formatTime(new Date(result.token.expiresAt))}. Get a new one.`;
    case "revoked": {
      const at = result.token.inactive?.since;
      return `The token was revoked${
        at === undefined ? "" : ` at ${formatTime(at)}`
      }. Get a new one.`;
    }
    case "disabled":
      return "The account that owns the token is disabled. Ask an administrator.";
    case "address_not_allowed":
      return "The token may not be used from this address.";
  }
}

/** RFC 3339, without fractions of a second. */
function formatTime(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
