import { OAuthError } from "../../shared/oauth/errors.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import { bearerChallenge, bearerToken } from "../http/authorization.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { readForm } from "../http/form.ts";
import type { Sql } from "../store/db/connect.ts";
import { findPrincipalProfile } from "../store/principals.ts";
import { userClaims } from "../tokens/user_claims.ts";
import { describeResult } from "../validation/describe_result.ts";
import type { TokenValidator } from "../validation/token_validator.ts";

interface UserinfoDeps {
  sql: Sql;
  tokenValidator: Pick<TokenValidator, "validate">;
}

/** The UserInfo endpoint (OpenID Connect Core 1.0 section 5.3). Accepts personal access tokens too. */
export async function userinfo(
  { sql, tokenValidator }: UserinfoDeps,
  request: Request,
  clientInfo: ClientInfo,
): Promise<UserinfoResponse | OAuthError> {
  const presented = await presentedToken(request, clientInfo);
  if (presented === undefined) {
    return new OAuthError("invalid_request", "Send the access token as Authorization: Bearer.");
  }
  if (presented instanceof OAuthError) return presented;
  const result = await tokenValidator.validate(presented, clientInfo);
  if (result.state !== "active") return describeResult(result);
  const { scopes, scope, subject, principalId, username } = result.token;
  if (!scopes.includes("openid")) {
    return new OAuthError(
      "insufficient_scope",
      "The access token lacks the scope openid. Request it at login.",
    );
  }
  const profile = await findPrincipalProfile(sql, principalId) ?? { name: username };
  return userClaims({ subject, ...profile }, scope);
}

/** RFC 6750 sections 2.1 and 2.2. Never from the URL, which is logged. */
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

/** RFC 6750 section 3: a challenge with an attribute, and without an error if there was no token. */
export function userinfoErrorResponse(error: OAuthError): Response {
  const challenge = bearerChallenge(error.code === "invalid_request" ? undefined : error, {
    realm: "oauth",
  });
  const status = error.code === "insufficient_scope" ? 403 : 401;
  return Response.json({ error: error.code, error_description: error.message }, {
    status,
    headers: { "www-authenticate": challenge, "cache-control": "no-store" },
  });
}
