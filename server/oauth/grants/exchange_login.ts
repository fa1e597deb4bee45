import type { Clock } from "../../../shared/clock.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { limitLoginScope, limitToFactor } from "../../scopes.ts";
import { acrOf } from "../../sign_in/authentication.ts";
import { findRefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { findUser } from "../../store/users.ts";
import { delegatedTokenId } from "../../tokens/access_token.ts";
import { refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { describeResult } from "../../validation/describe_result.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import {
  exchangeTarget,
  type RequestCatalog,
  selectResource,
  type TargetCatalog,
} from "../requested_resource.ts";
import { delegableScopes, delegate, type DelegateDeps } from "./delegate.ts";
import type { TokenRequest } from "./grant.ts";
import { checkPresentedLogin, LOGIN_GRANTS } from "./presented_login.ts";

export interface ExchangeLoginDeps extends DelegateDeps {
  clock: Clock;
  catalog: RequestCatalog & TargetCatalog & Pick<ResourceCatalog, "scopesOf">;
  tokenValidator: Pick<TokenValidator, "validate" | "invalidate" | "patHashes">;
}

/**
 * Exchanges a login, by its refresh token, for a narrow access token that a program gets in its
 * place (RFC 8693). The refresh token stays valid; a spent one revokes the login, as at a refresh.
 */
export async function exchangeLogin(
  deps: ExchangeLoginDeps,
  request: TokenRequest,
  presented: string,
): Promise<TokenResponse | OAuthError> {
  const error = checkClient(request);
  if (error !== undefined) return error;
  const target = exchangeTarget(deps.catalog, request);
  if (target instanceof OAuthError) return target;
  const hashes = refreshTokenHashes(presented);
  if (hashes === undefined) return invalidSubject("The subject_token is not a refresh token.");
  const find = async () => {
    const family = await findRefreshTokenFamily(deps.sql, hashes);
    const now = new Date(deps.clock.now());
    const rejection = await checkPresentedLogin(deps, request, family, now);
    return rejection === undefined ? family! : invalidSubject(rejection.message);
  };
  const family = await find();
  if (family instanceof OAuthError) return family;
  const user = await findUser(deps.sql, family.userId);
  if (user === undefined) return invalidSubject("The account no longer exists. Log in again.");
  const resource = selectResource(
    deps.catalog,
    request.client,
    family.resources,
    target?.identifier,
  );
  if (resource instanceof OAuthError) return resource;
  // The user's role, the client or the catalog may have changed since the approval.
  const available = deps.catalog.scopesOf(resource);
  const scope = limitToFactor(
    available,
    acrOf(family.authentication),
    limitLoginScope(available, user, request.client, family.scope),
  );
  const tokens = await delegate(deps, request, {
    loginId: family.id,
    userId: user.id,
    subject: user.subject,
    scopes: delegableScopes(scope),
    resource,
    hash: hashes.hash,
    authenticatedAt: family.authenticatedAt,
    authentication: family.authentication,
  });
  if (tokens !== undefined) return tokens;
  // Something has changed since it was found.
  const again = await find();
  return again instanceof OAuthError ? again : notActive();
}

/**
 * Exchanges an access token of a login, narrow or not, for a narrower one. It is for the same
 * client and resource and expires no later, so that an API that was sent the token gains nothing.
 */
export async function exchangeAccessToken(
  deps: ExchangeLoginDeps,
  request: TokenRequest,
  presented: string,
): Promise<TokenResponse | OAuthError> {
  const error = checkClient(request);
  if (error !== undefined) return error;
  const target = exchangeTarget(deps.catalog, request);
  if (target instanceof OAuthError) return target;
  const result = await deps.tokenValidator.validate(presented, request, target ?? (() => true));
  if (result.state !== "active") return invalidSubject(describeResult(result).message);
  const { token } = result;
  const resource = token.resource === undefined ? undefined : deps.catalog.find(token.resource);
  // Its tokens need an approval of their own.
  if (resource === undefined || resource.kind === "management") {
    return invalidSubject("The token is for managing tokens and cannot be exchanged.");
  }
  if (token.clientId !== request.client.id) {
    return invalidSubject("The token was issued to another client. Only that client can use it.");
  }
  if (token.loginId === undefined) {
    return invalidSubject(
      "The token does not belong to a login that can be renewed. Request the scope offline_access " +
        "at login.",
    );
  }
  const tokens = await delegate(deps, request, {
    loginId: token.loginId,
    userId: token.principalId,
    subject: token.subject,
    scopes: delegableScopes(token.scope),
    resource,
    authenticatedAt: token.authenticatedAt === undefined
      ? undefined
      : new Date(token.authenticatedAt),
    authentication: token.authentication,
    expiresAt: token.expiresAt,
    parent: {
      jti: token.id,
      delegatedTokenId: delegatedTokenId({ jti: token.id }),
      actor: token.act,
    },
  });
  return tokens ?? notActive();
}

/** RFC 8693 section 2.2.2: a subject token that is not accepted is an invalid_request. */
function invalidSubject(message: string): OAuthError {
  return new OAuthError("invalid_request", message);
}

function notActive(): OAuthError {
  return invalidSubject("The login or the token was revoked or has expired. Log in again.");
}

/** Without a grant that starts logins, a client cannot use its logins. */
function checkClient({ client }: TokenRequest): OAuthError | undefined {
  if (LOGIN_GRANTS.some((grant) => client.grants.includes(grant))) return undefined;
  return new OAuthError(
    "unauthorized_client",
    `The client ${client.id} may not use logins. Ask the operator to allow it.`,
  );
}
