import type { Clock } from "../../../shared/clock.ts";
import { intersectScope, parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { accessTokenLifetime } from "../../resources/access_token_lifetime.ts";
import { userExtraClaims } from "../../resources/extra_claims.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { Resource } from "../../resources/resource.ts";
import { apiScope, scopeNames } from "../../scopes.ts";
import type { Authentication } from "../../sign_in/authentication.ts";
import type { User } from "../../store/users.ts";
import type { Client } from "../../store/clients.ts";
import { signAccessToken } from "../../tokens/access_token.ts";
import { signIdToken } from "../../tokens/id_token.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import { userClaims } from "../../tokens/user_claims.ts";

export type LoginCatalog = Pick<
  ResourceCatalog,
  "approved" | "default" | "findByIdentifier" | "resources" | "scopes" | "scopesOf"
>;

export interface IssueLoginTokensDeps {
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "accessTokenLifetime">;
  catalog: LoginCatalog;
}

/** What the tokens of a login are issued for. */
export interface Login {
  user: Pick<User, "id" | "subject" | "name" | "email" | "emailVerified" | "isAdmin" | "groups">;
  client: Pick<Client, "id" | "accessTokenLifetime">;
  /** As granted, for all resources. */
  scope: string;
  /** What the access token is for. */
  resource: Resource;
  authenticatedAt: Date;
  authentication?: Authentication;
  familyId?: string;
  refreshToken?: string;
  /** When the login expires if it is not used until then. */
  idleExpiresAt?: Date;
  /** As the user recognizes it. */
  name?: string;
  /** The `jti` of the access token, if it is known before the token is issued. */
  accessTokenId?: string;
  /** Of the authorization request. */
  nonce?: string;
  /** Of the access token, in seconds; undefined: as configured. */
  lifetime?: number;
}

/** Signs an access token and, for the scope `openid`, an ID token. */
export async function issueLoginTokens(
  { config, catalog, issuer, clock, keys }: IssueLoginTokensDeps,
  login: Login,
): Promise<TokenResponse> {
  const { resource } = login;
  const isManagement = resource.kind === "management";
  const lifetime = login.lifetime ?? accessTokenLifetime(config, resource, login.client);
  const ofResource = intersectScope(login.scope, scopeNames(catalog.scopesOf(resource)));
  const scope = isManagement ? ofResource : apiScope(ofResource);
  const accessToken = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: login.user.subject,
    clientId: login.client.id,
    scope,
    audience: resource.identifier,
    algorithm: resource.signingAlgorithm,
    extraClaims: userExtraClaims(resource, login.user),
    authenticatedAt: login.authenticatedAt,
    authentication: login.authentication,
    familyId: login.familyId,
    id: login.accessTokenId,
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
  if (!isManagement && parseScope(login.scope)?.includes("openid")) {
    response.id_token = await signIdToken({ issuer, clock, keys, lifetime }, {
      claims: userClaims(login.user, login.scope),
      clientId: login.client.id,
      authenticatedAt: login.authenticatedAt,
      authentication: login.authentication,
      accessToken,
      nonce: login.nonce,
    });
  }
  return response;
}
