import { parseScope } from "../../shared/scope.ts";
import type { UserinfoResponse } from "../../shared/userinfo_response.ts";

/** What the granted scopes let a client know of a person (OpenID Connect Core 1.0 section 5.4). */
export function userClaims(
  user: { id: string; name: string; email: string },
  scope: string,
): UserinfoResponse {
  const scopes = parseScope(scope) ?? [];
  const claims: UserinfoResponse = { sub: user.id };
  if (scopes.includes("profile")) claims.name = user.name;
  if (scopes.includes("email")) {
    claims.email = user.email;
    // An administrator typed it; nobody proved it.
    claims.email_verified = false;
  }
  return claims;
}
