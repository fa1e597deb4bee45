import { OAuthError } from "../../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { AppParts } from "../../app_parts.ts";
import { recordRepeatedAuditEvent } from "../../store/audit_events.ts";
import { describeResult } from "../../validation/describe_result.ts";
import { signAccessToken } from "../../tokens/access_token.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import { checkExchangeLimit } from "./exchange_limit.ts";
import type { TokenRequest } from "./grant.ts";

/**
 * Trades a personal access token for a short JWT, so that an API may take JWTs
 * alone. The JWT outlives neither the token nor, where it is introspected, its
 * revocation.
 */
export async function exchangePat(
  parts: AppParts & { exchanges: RateLimit },
  request: TokenRequest,
  token: string,
): Promise<TokenResponse | OAuthError> {
  const { issuer, clock, keys, config, sql, tokenValidator } = parts;
  const verdict = await tokenValidator.validate(token, request);
  // RFC 8693 section 2.2.2: a subject token that will not do is an invalid_request.
  if (verdict.state !== "active") {
    return new OAuthError("invalid_request", describeResult(verdict).message);
  }
  const known = verdict.token;
  if (known.kind !== "personal_access_token") {
    return new OAuthError("invalid_request", "Only personal access tokens are traded this way.");
  }
  const scopes = parseScope(request.parameter("scope") ?? known.scope);
  if (scopes === undefined || missingScopes(scopes, known.scopes).length > 0) {
    return new OAuthError("invalid_scope", `The token has only these scopes: ${known.scope}.`);
  }
  const refusal = checkExchangeLimit(parts.exchanges, {
    token: known.id,
    principal: known.subject,
  });
  if (refusal !== undefined) return refusal;
  const left = Math.floor((known.expiresAt - clock.now()) / 1000);
  const lifetime = Math.max(1, Math.min(config.accessTokenLifetime, left));
  const scope = formatScope(scopes);
  const accessToken = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: known.subject,
    clientId: known.clientId,
    scope,
    audience: known.audience,
    personalAccessTokenId: known.id,
  });
  await recordRepeatedAuditEvent(sql, clock, {
    event: "token.exchanged",
    actor: known.subject,
    subject: known.id,
    address: request.address,
    details: { scope },
  });
  return { access_token: accessToken, token_type: "Bearer", expires_in: lifetime, scope };
}
