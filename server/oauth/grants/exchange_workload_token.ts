import { OAuthError, type OAuthErrorCode } from "../../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import {
  type DecideDeps,
  decideExchange,
  type Decision,
  type ExchangeRejection,
  isGrant,
} from "../../federation/decide_exchange.ts";
import type { JwksCache } from "../../federation/jwks_cache.ts";
import { provider } from "../../federation/providers.ts";
import { recordRejectedWorkload } from "../../federation/record_trust_request.ts";
import { recordedClaims } from "../../federation/recorded_claims.ts";
import { SKEW_SECONDS } from "../../federation/subject_claims.ts";
import { rateLimitKey } from "../../http/client_ip.ts";
import { checkRejectionLimit } from "../../security/rate_limit.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { findPrincipal } from "../../store/principals.ts";
import { trustRulesOfIssuer } from "../../store/trust_rules.ts";
import { recordJti, wasRestoredSince } from "../../store/used_assertions.ts";
import { tokenHashHex } from "../../tokens/token_hash.ts";
import { exchangeTarget, type TargetCatalog } from "../requested_resource.ts";
import { toOAuthError } from "../to_oauth_error.ts";
import { checkExchangeLimit } from "./exchange_limit.ts";
import type { TokenRequest } from "./grant.ts";
import { issueWorkloadToken, type IssueWorkloadTokenDeps } from "./issue_workload_token.ts";
import { auditedClaims, claimText } from "./workload_claims.ts";

export interface ExchangeWorkloadTokenDeps extends IssueWorkloadTokenDeps {
  jwksCache: JwksCache;
  config: Pick<ServerConfig, "federation">;
  catalog: DecideDeps["catalog"] & TargetCatalog;
  exchangeLimit: RateLimit;
}

/** Why no token is issued, for operators. */
interface Rejection {
  code: ExchangeRejection["code"] | "replayed";
  /** One or two sentences. */
  message: string;
}

/**
 * Exchanges a workload's identity token for an access token, by the operator's rules.
 * `errorCode` is the error that the grant's own standard has for an invalid token. Every outcome
 * is audited.
 */
export async function exchangeWorkloadToken(
  deps: ExchangeWorkloadTokenDeps,
  request: TokenRequest,
  token: string,
  errorCode: OAuthErrorCode,
  /** The parameters that name what the access token is for. */
  targets: readonly ("audience" | "resource")[] = ["audience", "resource"],
): Promise<TokenResponse | OAuthError> {
  const { sql } = deps;
  const resource = exchangeTarget(deps.catalog, request, targets);
  if (resource instanceof OAuthError) return resource;
  const scope = request.parameter("scope");
  const decision = await decideExchange(deps, token, {
    rulesOf: (issuer) => trustRulesOfIssuer(sql, issuer),
    principalOf: (rule) => findPrincipal(sql, rule.principal.id),
    scope,
    resource,
    client: request.client,
  });
  const reject = (rejection: Rejection) =>
    rejectToken(deps, request, { token, decision, errorCode, rejection, scope });
  if (!isGrant(decision)) return await refuse(decision, errorCode, reject);
  const { claims, outcome: { grant } } = decision;
  const { rule, principal } = grant;
  // A token without jti may be presented any number of times, and each time is audited.
  const limitError = await checkExchangeLimit(deps.exchangeLimit, {
    token: tokenHashHex(token),
    principal: principal.id,
  });
  if (limitError !== undefined) return toOAuthError(limitError);
  if (claims.jti !== undefined) {
    // Once, wherever it is presented (RFC 7523 section 3 item 7), until it is no longer accepted.
    const expiresAt = new Date((claims.exp + 2 * SKEW_SECONDS) * 1000);
    const caller = provider(rule.provider).reusesTokens ? callerOf(request) : undefined;
    // The clock of the issuer may be ahead.
    const issuedAt = new Date((Number(claims.iat) - SKEW_SECONDS) * 1000);
    const assertion = { issuer: rule.issuer, jti: claims.jti, caller, issuedAt, expiresAt };
    if (!await recordJti(sql, assertion)) {
      const problem = await wasRestoredSince(sql, issuedAt)
        ? "was issued before the server was restored from a backup, and may have been used since"
        : "was used before";
      const message = `The rule "${rule.name}" matches, but the token ${problem}.`;
      await reject({ code: "replayed", message });
      return replayed(errorCode, caller !== undefined);
    }
  }
  return await issueWorkloadToken(deps, request, { ...grant, claims });
}

/** The error for a rejection; all but two kinds are audited. */
async function refuse(
  { issuer, outcome }: Decision,
  errorCode: OAuthErrorCode,
  reject: (rejection: Rejection) => Promise<OAuthError>,
): Promise<OAuthError> {
  if (!("rejection" in outcome)) throw new Error("a grant is not refused");
  const { rejection } = outcome;
  if (issuer === undefined) return new OAuthError(errorCode, rejection.message);
  if (rejection.code === "scope_not_allowed") {
    return new OAuthError("invalid_scope", rejection.message);
  }
  const error = await reject(rejection);
  return rejection.code !== "issuer_unavailable" ? error : new OAuthError(
    "temporarily_unavailable",
    "The keys of the token's issuer are not available. Try again shortly.",
  );
}

/**
 * Sent in any case: its holder would otherwise look for the mistake in the rules, which trust it.
 */
function replayed(errorCode: OAuthErrorCode, isReusable: boolean): OAuthError {
  const message = isReusable
    ? "The token was used before, from another address, and is accepted only from there."
    : "The token was used before, and is accepted only once.";
  const next =
    "Keep the access token that it was exchanged for, or get a new token from its issuer.";
  return new OAuthError(errorCode, `${message} ${next}`, { reason: "token_replayed" });
}

/** Who presents a token, so that a stolen copy cannot be used from elsewhere. */
function callerOf({ client, address }: TokenRequest): string {
  return `${client.id} ${rateLimitKey(address)}`;
}

async function rejectToken(
  deps: ExchangeWorkloadTokenDeps,
  request: TokenRequest,
  { token, decision, errorCode, rejection, scope }: {
    token: string;
    decision: Decision;
    errorCode: OAuthErrorCode;
    rejection: Rejection;
    scope?: string;
  },
): Promise<OAuthError> {
  const { sql, clock, config } = deps;
  const isAudited = await checkRejectionLimit(sql, {
    address: request.address,
    now: new Date(clock.now()),
  });
  const { issuer, claims, matches } = decision;
  const rule = matches[0]?.rule;
  if (isAudited) {
    await recordAuditEvent(sql, clock, {
      event: "workload.refused",
      subject: rule?.id,
      address: request.address,
      details: {
        code: rejection.code,
        reason: rejection.message,
        issuer: claimText(issuer),
        ...scope !== undefined && { scope: claimText(scope) },
        ...claims && rule && {
          ...auditedClaims(rule, claims),
          claims: recordedClaims(matches.map(({ rule }) => rule), claims),
        },
      },
    });
    if (rejection.code === "no_matching_rule" || rejection.code === "unknown_issuer") {
      await recordRejectedWorkload(deps, { token, decision, scope, address: request.address });
    }
  }
  const description = config.federation.detailedErrors
    ? `The token is not trusted. ${rejection.message}`
    : "The token is not trusted. The operator can see the reason in the audit log, or by testing " +
      "the token.";
  return new OAuthError(errorCode, description);
}
