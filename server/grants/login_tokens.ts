import { parseScope } from "../../shared/scope.ts";
import type { TokenResponse } from "../../shared/token_response.ts";
import type { AppParts } from "../app_parts.ts";
import { signAccessToken } from "../tokens/access_token.ts";
import { signIdToken } from "../tokens/id_token.ts";
import { userClaims } from "../tokens/user_claims.ts";

/** A person's login as tokens tell of it. */
export interface Login {
  user: { id: string; name: string; email: string; emailVerified: boolean };
  clientId: string;
  scope: string;
  authenticatedAt: Date;
  familyId?: string;
  refreshToken?: string;
  /** When the login ends if nobody uses it. */
  idleExpiresAt?: Date;
}

/** The tokens of a login: access token, ID token for `openid`, the given refresh token. */
export async function loginTokens(
  { config, issuer, clock, keys }: Pick<AppParts, "config" | "issuer" | "clock" | "keys">,
  login: Login,
): Promise<TokenResponse> {
  const lifetime = config.accessTokenLifetime;
  const accessToken = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: login.user.id,
    clientId: login.clientId,
    scope: login.scope,
    audience: config.audience ?? issuer,
    authenticatedAt: login.authenticatedAt,
    familyId: login.familyId,
  });
  const response: TokenResponse = {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: lifetime,
    scope: login.scope,
  };
  if (login.refreshToken !== undefined) {
    response.refresh_token = login.refreshToken;
    const left = (login.idleExpiresAt?.getTime() ?? 0) - clock.now();
    response.refresh_token_expires_in = Math.max(0, Math.round(left / 1000));
  }
  if (parseScope(login.scope)?.includes("openid")) {
    response.id_token = await signIdToken({ issuer, clock, keys, lifetime }, {
      claims: userClaims(login.user, login.scope),
      clientId: login.clientId,
      authenticatedAt: login.authenticatedAt,
      accessToken,
    });
  }
  return response;
}
