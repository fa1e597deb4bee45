import type { Clock } from "../../shared/clock.ts";
import { intersectScope, parseScope } from "../../shared/oauth/scope.ts";
import { NetworkList } from "../http/ip_address.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { mayUseResource } from "../resources/client_resources.ts";
import {
  limitLoginScope,
  limitPatScope,
  limitToFactor,
  type ScopedAccount,
  type ScopeDescription,
} from "../scopes.ts";
import { acrOf } from "../sign_in/authentication.ts";
import type { Sql } from "../store/db/connect.ts";
import type { OwnerRecord, TokenRecord } from "../store/pats/types.ts";
import { type AccessTokenStatus, accessTokenStatus } from "../store/revoked_access_tokens.ts";
import {
  type AccessTokenClaims,
  authenticationOf,
  delegatedTokenId,
  readAccessToken,
} from "../tokens/access_token.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import type { ValidatedToken } from "./validated_token.ts";

export type ValidationCatalog = Pick<ResourceCatalog, "ofAudience" | "ofRow" | "scopesOf">;

/** A personal access token, from its row and its owner's. */
export function validatedPat(
  token: TokenRecord,
  owner: OwnerRecord,
  catalog: ValidationCatalog,
): ValidatedToken {
  const resource = catalog.ofRow(token.resource);
  const account = scopedAccount(owner, owner.scope);
  const scope = resource === undefined
    ? ""
    : limitPatScope(catalog.scopesOf(resource), account, token.scope);
  return {
    kind: "personal_access_token",
    id: token.id,
    subject: owner.subject,
    principalId: owner.id,
    username: owner.username,
    clientId: patClientId(token.id),
    scopes: parseScope(scope) ?? [],
    scope,
    audience: token.audience,
    resource: resource?.name,
    issuedAt: token.createdAt,
    expiresAt: token.expiresAt,
    inactive: token.revokedAt !== undefined
      ? { reason: "revoked", since: token.revokedAt }
      : owner.disabled
      ? { reason: "disabled" }
      : undefined,
    allowedNetworks: networkList(token.allowedAddresses),
    dependsOn: [`token:${token.id}`, `principal:${owner.id}`],
  };
}

/** The `client_id` of a personal access token: its own, so that resource servers can distinguish them. */
function patClientId(id: string): string {
  return `pat-${id}`;
}

interface AccessTokenDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  catalog: ValidationCatalog;
}

/** Verifies an access token and reads its status; undefined if we did not sign it. */
export async function loadAccessToken(
  deps: AccessTokenDeps,
  token: string,
): Promise<ValidatedToken | undefined> {
  const verified = await readAccessToken(deps, token);
  if (verified === undefined) return undefined;
  const { claims } = verified;
  const status = await accessTokenStatus(deps.sql, {
    jti: claims.jti,
    subject: claims.sub,
    clientId: claims.client_id,
    familyId: claims.sid,
    personalAccessTokenId: claims.pat,
    delegatedTokenId: delegatedTokenId(claims),
    now: new Date(deps.clock.now()),
  });
  return status && validatedAccessToken(deps, claims, status);
}

function validatedAccessToken(
  { catalog }: Pick<AccessTokenDeps, "catalog">,
  claims: AccessTokenClaims,
  status: AccessTokenStatus,
): ValidatedToken {
  const account = scopedAccount(status, status.ownScope);
  const client = { id: claims.client_id, scopes: scopeList(status.clientScope) };
  const issuedFor = claims.pat === undefined
    ? catalog.ofAudience(claims.aud)
    : catalog.ofRow(status.personalAccessTokenResource);
  const isAllowed = issuedFor !== undefined &&
    mayUseResource({ resources: status.clientResources }, issuedFor);
  const resource = isAllowed ? issuedFor : undefined;
  const available = resource === undefined ? [] : catalog.scopesOf(resource);
  const scope = claims.pat === undefined
    ? limitToSignIn(available, claims, limitLoginScope(available, account, client, claims.scope))
    : limitPatScope(
      available,
      account,
      intersectScope(claims.scope, parseScope(status.personalAccessTokenScope ?? "") ?? []),
    );
  return {
    kind: "access_token",
    id: claims.jti,
    subject: claims.sub,
    principalId: status.principalId,
    username: status.username,
    clientId: claims.client_id,
    scopes: parseScope(scope) ?? [],
    scope,
    audience: claims.aud,
    resource: resource?.name,
    issuedAt: claims.iat * 1000,
    // The result is cached, and the database reports no change when a row expires.
    expiresAt: Math.min(
      claims.exp * 1000,
      status.personalAccessTokenExpiresAt?.getTime() ?? Infinity,
    ),
    inactive: status.active ? undefined : { reason: "revoked" },
    allowedNetworks: networkList(status.allowedAddresses),
    authenticatedAt: claims.auth_time && claims.auth_time * 1000,
    authentication: authenticationOf(claims),
    loginId: claims.sid,
    act: claims.act,
    workload: claims.workload,
    dependsOn: [
      `token:${claims.jti}`,
      `principal:${status.principalId}`,
      `client:${claims.client_id}`,
      ...claims.sid === undefined ? [] : [`login:${claims.sid}`],
      ...claims.pat === undefined ? [] : [`token:${claims.pat}`],
    ],
  };
}

/** Of a login: scopes that need another sign-in do not apply. Workloads have no sign-in. */
function limitToSignIn(
  available: readonly ScopeDescription[],
  claims: AccessTokenClaims,
  scope: string,
): string {
  return claims.auth_time === undefined
    ? scope
    : limitToFactor(available, acrOf(authenticationOf(claims)), scope);
}

function scopedAccount(
  { isAdmin, groups }: Pick<ScopedAccount, "isAdmin" | "groups">,
  ownScope: string | undefined,
): ScopedAccount {
  return { isAdmin, groups, ownScopes: scopeList(ownScope) };
}

function scopeList(scope: string | undefined): string[] | undefined {
  return scope === undefined ? undefined : parseScope(scope) ?? [];
}

function networkList(networks: readonly string[]): NetworkList | undefined {
  return networks.length > 0 ? new NetworkList(networks) : undefined;
}
