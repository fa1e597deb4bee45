import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ValidationResult } from "./validated_token.ts";

/**
 * What the holder of a token that does not count is told, so that a job which
 * suddenly fails says why (RFC 6750 section 3.1). ASCII without quotes, for it
 * travels in a header.
 */
export function describeResult(
  verdict: Exclude<ValidationResult, { state: "active" }>,
): OAuthError {
  return new OAuthError("invalid_token", words(verdict));
}

function words(verdict: Exclude<ValidationResult, { state: "active" }>): string {
  switch (verdict.state) {
    case "unknown":
      return "The token is unknown.";
    case "other_resource":
      return `The token is for ${verdict.token.audience}, not for this resource.`;
    case "expired":
      return `The token expired at ${moment(new Date(verdict.token.expiresAt))}.`;
    case "revoked": {
      const at = verdict.token.ended?.at;
      return at === undefined
        ? "The token was revoked."
        : `The token was revoked at ${moment(at)}.`;
    }
    case "disabled":
      return "The owner of the token is disabled.";
    case "address_not_allowed":
      return "The token may not be used from this address.";
  }
}

function moment(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
