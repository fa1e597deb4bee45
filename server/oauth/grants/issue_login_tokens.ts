import { parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { AppParts } from "../../app_parts.ts";
import { apiScope } from "../../scopes.ts";
import { signAccessToken } from "../../tokens/access_token.ts";
import { signIdToken } from "../../tokens/id_token.ts";
import { userClaims } from "../../tokens/user_claims.ts";
import { audienceOf, type Resource } from "../../tokens/resource.ts";

/** Longest life of an access token of the management interface, in seconds. */
const MANAGEMENT_TOKEN_LIFETIME = 300;

/** A person's login as tokens tell of it. */
export interface Login {
  user: { id: string; name: string; email: string; emailVerified: boolean };
  clientId: string;
  /** As granted, for every resource. */
  scope: string;
  /** What the access token is for. */
  resource: Resource;
  authenticatedAt: Date;
  familyId?: string;
  refreshToken?: string;
  /** When the login ends if nobody uses it. */
  idleExpiresAt?: Date;
}

/** The tokens of a login: access token, ID token for `openid`, the given refresh token. */
export async function issueLoginTokens(
  { config, issuer, clock, keys }: Pick<AppParts, "config" | "issuer" | "clock" | "keys">,
  login: Login,
): Promise<TokenResponse> {
  const management = login.resource === "management";
  const lifetime = management
    ? Math.min(config.accessTokenLifetime, MANAGEMENT_TOKEN_LIFETIME)
    : config.accessTokenLifetime;
  const scope = management ? login.scope : apiScope(login.scope);
  const accessToken = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: login.user.id,
    clientId: login.clientId,
    scope,
    audience: audienceOf({ config, issuer }, login.resource),
    authenticatedAt: login.authenticatedAt,
    familyId: login.familyId,
  });
  const response: TokenResponse = {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: lifetime,
    scope,
  };
  if (login.refreshToken !== undefined) {
    response.refresh_token = login.refreshToken;
    const left = (login.idleExpiresAt?.getTime() ?? 0) - clock.now();
    response.refresh_token_expires_in = Math.max(0, Math.round(left / 1000));
  }
  if (!management && parseScope(scope)?.includes("openid")) {
    response.id_token = await signIdToken({ issuer, clock, keys, lifetime }, {
      claims: userClaims(login.user, scope),
      clientId: login.clientId,
      authenticatedAt: login.authenticatedAt,
      accessToken,
    });
  }
  return response;
}
