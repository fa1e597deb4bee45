import { listText } from "../../../shared/list_text.ts";
import type { Clock } from "../../../shared/clock.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { accessTokenLifetime } from "../../resources/access_token_lifetime.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { clientResources, mayUseResource } from "../../resources/client_resources.ts";
import { principalExtraClaims } from "../../resources/extra_claims.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import type { Sql } from "../../store/db/connect.ts";
import { signAccessToken } from "../../tokens/access_token.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import { describeResult } from "../../validation/describe_result.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import { toOAuthError } from "../to_oauth_error.ts";
import { exchangeTarget, invalidTarget, type TargetCatalog } from "../requested_resource.ts";
import { checkExchangeLimit } from "./exchange_limit.ts";
import type { TokenRequest } from "./grant.ts";

export interface ExchangePatDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "accessTokenLifetime">;
  catalog: TargetCatalog & Pick<ResourceCatalog, "default">;
  tokenValidator: Pick<TokenValidator, "validate" | "patHashes">;
  exchangeLimit: RateLimit;
}

/**
 * Exchanges a personal access token for a short-lived JWT, for APIs that accept only JWTs. The
 * JWT expires no later than the token and, where it is introspected, is revoked with it.
 */
export async function exchangePat(
  deps: ExchangePatDeps,
  request: TokenRequest,
  presented: string,
): Promise<TokenResponse | OAuthError> {
  const { issuer, clock, keys, config, catalog, sql, tokenValidator } = deps;
  const target = exchangeTarget(catalog, request);
  if (target instanceof OAuthError) return target;
  const result = await tokenValidator.validate(presented, request, target ?? (() => true));
  // RFC 8693 section 2.2.2: a subject token that is not accepted is an invalid_request.
  if (result.state !== "active") {
    return new OAuthError("invalid_request", describeResult(result).message);
  }
  const { token } = result;
  const resource = catalog.find(token.resource ?? "") ?? catalog.default;
  if (token.kind !== "personal_access_token") {
    return new OAuthError("invalid_request", "The subject_token is not a personal access token.");
  }
  if (!mayUseResource(request.client, resource)) {
    return invalidTarget(clientResources(catalog, request.client));
  }
  const scopes = parseScope(request.parameter("scope") ?? token.scope);
  if (scopes === undefined || missingScopes(scopes, token.scopes).length > 0) {
    return new OAuthError(
      "invalid_scope",
      `The token has only these scopes: ${listText(token.scopes, "none")}.`,
    );
  }
  const tooOften = await checkExchangeLimit(deps.exchangeLimit, {
    token: token.id,
    principal: token.principalId,
  });
  if (tooOften !== undefined) return toOAuthError(tooOften);
  const remaining = Math.floor((token.expiresAt - clock.now()) / 1000);
  const usual = accessTokenLifetime(config, resource);
  const lifetime = Math.max(1, Math.min(usual, remaining));
  const scope = formatScope(scopes);
  const accessToken = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: token.subject,
    clientId: token.clientId,
    scope,
    audience: token.audience,
    algorithm: resource.signingAlgorithm,
    extraClaims: await principalExtraClaims(sql, resource, token.principalId),
    personalAccessTokenId: token.id,
  });
  await recordRepeatedAuditEvent(sql, clock, {
    event: "token.exchanged",
    actor: token.principalId,
    subject: token.id,
    address: request.address,
    details: { scope },
  });
  return { access_token: accessToken, token_type: "Bearer", expires_in: lifetime, scope };
}
