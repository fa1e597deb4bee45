import { parseScope } from "../../shared/oauth/scope.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";

/**
 * The claims about a user or service account that a scope grants (OpenID Connect Core 1.0 section
 * 5.4).
 */
export function userClaims(
  user: { subject: string; name: string; email?: string; emailVerified?: boolean },
  scope: string,
): UserinfoResponse {
  const scopes = parseScope(scope) ?? [];
  const claims: UserinfoResponse = { sub: user.subject };
  if (scopes.includes("profile")) claims.name = user.name;
  if (scopes.includes("email") && user.email !== undefined) {
    claims.email = user.email;
    claims.email_verified = user.emailVerified;
  }
  return claims;
}
