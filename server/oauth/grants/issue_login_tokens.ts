import type { Clock } from "../../../shared/clock.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { apiScope } from "../../scopes.ts";
import type { Client } from "../../store/clients.ts";
import { signAccessToken } from "../../tokens/access_token.ts";
import { signIdToken } from "../../tokens/id_token.ts";
import { audienceOf, type Resource } from "../../tokens/resource.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import { userClaims } from "../../tokens/user_claims.ts";

/** Longest lifetime of an access token for the management interface, in seconds. */
const MANAGEMENT_TOKEN_LIFETIME = 300;

export interface IssueLoginTokensDeps {
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "accessTokenLifetime" | "audience">;
}

/** What the tokens of a login are issued for. */
export interface Login {
  user: { id: string; name: string; email: string; emailVerified: boolean };
  client: Pick<Client, "id" | "accessTokenLifetime">;
  /** As granted, for all resources. */
  scope: string;
  /** What the access token is for. */
  resource: Resource;
  authenticatedAt: Date;
  familyId?: string;
  refreshToken?: string;
  /** When the login expires if it is not used until then. */
  idleExpiresAt?: Date;
  /** As the user recognizes it. */
  name?: string;
}

/** Signs an access token and, for the scope `openid`, an ID token. */
export async function issueLoginTokens(
  { config, issuer, clock, keys }: IssueLoginTokensDeps,
  login: Login,
): Promise<TokenResponse> {
  const isManagement = login.resource === "management";
  const configured = login.client.accessTokenLifetime ?? config.accessTokenLifetime;
  const lifetime = isManagement ? Math.min(configured, MANAGEMENT_TOKEN_LIFETIME) : configured;
  const scope = isManagement ? login.scope : apiScope(login.scope);
  const accessToken = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: login.user.id,
    clientId: login.client.id,
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
    const remainingMs = (login.idleExpiresAt?.getTime() ?? 0) - clock.now();
    response.refresh_token_expires_in = Math.max(0, Math.round(remainingMs / 1000));
    if (login.name !== undefined) response.login_name = login.name;
  }
  if (!isManagement && parseScope(scope)?.includes("openid")) {
    response.id_token = await signIdToken({ issuer, clock, keys, lifetime }, {
      claims: userClaims(login.user, scope),
      clientId: login.client.id,
      authenticatedAt: login.authenticatedAt,
      accessToken,
    });
  }
  return response;
}
