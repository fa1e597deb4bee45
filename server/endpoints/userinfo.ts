import { OAuthError } from "../../shared/oauth_error.ts";
import { parseScope } from "../../shared/scope.ts";
import type { UserinfoResponse } from "../../shared/userinfo_response.ts";
import type { AppParts } from "../app_parts.ts";
import { accessTokenStanding } from "../store/revoked_access_tokens.ts";
import { verifyAccessToken } from "../tokens/access_token.ts";
import { userClaims } from "../tokens/user_claims.ts";
import { readForm } from "./form.ts";

/** The UserInfo endpoint (OpenID Connect Core 1.0 section 5.3). */
export async function userinfo(
  parts: AppParts,
  request: Request,
): Promise<UserinfoResponse | OAuthError> {
  const token = await bearerToken(request);
  if (token === undefined) {
    return new OAuthError("invalid_request", "Send the access token as Authorization: Bearer.");
  }
  if (token instanceof OAuthError) return token;
  const claims = await verifyAccessToken(parts, token);
  const standing = claims && await accessTokenStanding(parts.sql, {
    jti: claims.jti,
    subject: claims.sub,
    familyId: claims.sid,
    personalAccessTokenId: claims.pat,
    now: new Date(parts.clock.now()),
  });
  if (claims === undefined || standing === undefined || !standing.active) {
    return new OAuthError("invalid_token", "The access token is unknown, expired or revoked.");
  }
  if (!parseScope(claims.scope)?.includes("openid")) {
    return new OAuthError("insufficient_scope", "The access token lacks the scope openid.");
  }
  const { name, username: email } = standing;
  return userClaims({ id: claims.sub, name, email }, claims.scope);
}

/** RFC 6750 section 2.1, and 2.2 for a POSTed form. Never from the URL, which gets logged. */
async function bearerToken(request: Request): Promise<string | OAuthError | undefined> {
  const match = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "");
  if (match !== null) return match[1];
  if (request.method !== "POST" || request.body === null) return undefined;
  const form = await readForm(request);
  return form instanceof OAuthError ? form : form("access_token");
}

/** RFC 6750 section 3: a challenge with an attribute, and without error code if no token came at all. */
export function userinfoErrorResponse(error: OAuthError): Response {
  const challenge = error.code === "invalid_request"
    ? 'Bearer realm="oauth"'
    : `Bearer realm="oauth", error="${error.code}", error_description="${error.message}"`;
  const status = error.code === "insufficient_scope" ? 403 : 401;
  return Response.json({ error: error.code, error_description: error.message }, {
    status,
    headers: { "www-authenticate": challenge, "cache-control": "no-store" },
  });
}
