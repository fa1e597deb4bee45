import { OAuthError } from "../../shared/oauth/errors.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import type { AppParts } from "../app_parts.ts";
import { findPrincipalProfile } from "../store/principals.ts";
import { describeResult } from "../validation/describe_result.ts";
import { userClaims } from "../tokens/user_claims.ts";
import { bearerChallenge, bearerToken } from "../http/authorization.ts";
import { readForm } from "../http/form.ts";
import type { ClientInfo } from "../http/client_info.ts";

/** The UserInfo endpoint (OpenID Connect Core 1.0 section 5.3); personal access tokens count as well. */
export async function userinfo(
  parts: AppParts,
  request: Request,
  requester: ClientInfo,
): Promise<UserinfoResponse | OAuthError> {
  const token = await presentedToken(request, requester);
  if (token === undefined) {
    return new OAuthError("invalid_request", "Send the access token as Authorization: Bearer.");
  }
  if (token instanceof OAuthError) return token;
  const verdict = await parts.tokenValidator.validate(token, requester);
  if (verdict.state !== "active") return describeResult(verdict);
  const { scopes, scope, subject, username } = verdict.token;
  if (!scopes.includes("openid")) {
    return new OAuthError("insufficient_scope", "The access token lacks the scope openid.");
  }
  const profile = await findPrincipalProfile(parts.sql, subject) ?? { name: username };
  return userClaims({ id: subject, ...profile }, scope);
}

/** RFC 6750 section 2.1, and 2.2 for a POSTed form. Never from the URL, which gets logged. */
async function presentedToken(
  request: Request,
  { address }: ClientInfo,
): Promise<string | OAuthError | undefined> {
  const token = bearerToken(request.headers);
  if (token !== undefined) return token;
  if (request.method !== "POST" || request.body === null) return undefined;
  const form = await readForm(request, { from: () => address });
  return form instanceof OAuthError ? form : form("access_token");
}

/** RFC 6750 section 3: a challenge with an attribute, and without error code if no token came at all. */
export function userinfoErrorResponse(error: OAuthError): Response {
  const challenged = error.code === "invalid_request" ? undefined : error;
  const challenge = bearerChallenge(challenged, { realm: "oauth" });
  const status = error.code === "insufficient_scope" ? 403 : 401;
  return Response.json({ error: error.code, error_description: error.message }, {
    status,
    headers: { "www-authenticate": challenge, "cache-control": "no-store" },
  });
}
