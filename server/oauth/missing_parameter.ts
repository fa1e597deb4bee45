import { OAuthError } from "../../shared/oauth/errors.ts";

export function missingParameter(name: string): OAuthError {
  return new OAuthError("invalid_request", `The parameter ${name} is missing.`);
}
