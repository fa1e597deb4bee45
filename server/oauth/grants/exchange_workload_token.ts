import { OAuthError, type OAuthErrorCode } from "../../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { rateLimitKey } from "../../http/client_ip.ts";
import type { JwksCache } from "../../federation/jwks_cache.ts";
import { isMatch, matchRules, type RuleMatch } from "../../federation/match.ts";
import { provider } from "../../federation/providers.ts";
import {
  claimedIssuer,
  type SubjectToken,
  verifySubjectToken,
} from "../../federation/subject_token.ts";
import { SKEW_SECONDS } from "../../federation/subject_claims.ts";
import type { TokenRejection } from "../../federation/token_rejection.ts";
import type { TrustRule } from "../../federation/trust_rule.ts";
import type { TokenBucketLimit } from "../../security/token_bucket.ts";
import { limitLoginScope } from "../../scopes.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { findPrincipal, type Principal } from "../../store/principals.ts";
import { trustRulesOfIssuer } from "../../store/trust_rules.ts";
import { recordJti } from "../../store/used_assertions.ts";
import { checkRejectionLimit } from "../../security/rate_limit.ts";
import { tokenHashHex } from "../../tokens/token_hash.ts";
import { toOAuthError } from "../to_oauth_error.ts";
import { checkExchangeLimit } from "./exchange_limit.ts";
import type { TokenRequest } from "./grant.ts";
import { issueWorkloadToken, type IssueWorkloadTokenDeps } from "./issue_workload_token.ts";
import { auditedClaims, claimText, storableText } from "./workload_claims.ts";

export interface ExchangeWorkloadTokenDeps extends IssueWorkloadTokenDeps {
  jwksCache: JwksCache;
  config: Pick<ServerConfig, "scopes" | "audience" | "federation">;
  exchangeLimit: TokenBucketLimit;
}

/** Why no token is issued, for operators. */
interface Rejection {
  code:
    | TokenRejection["code"]
    | "unknown_issuer"
    | "no_matching_rule"
    | "account_disabled"
    | "replayed";
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
): Promise<TokenResponse | OAuthError> {
  const { sql, clock } = deps;
  const issuer = claimedIssuer(token);
  if (issuer === undefined) {
    return new OAuthError(errorCode, "The token is not a JSON Web Token.");
  }
  const rules = await trustRulesOfIssuer(sql, issuer);
  const reject = (rejection: Rejection, evidence: Evidence = {}) =>
    rejectToken(deps, request, { issuer, errorCode, rejection, ...evidence });
  if (rules.length === 0) {
    return await reject({ code: "unknown_issuer", message: "No rule trusts this issuer." });
  }
  const audiences = [...new Set(rules.map(({ audience }) => audience))];
  const verified = await verifySubjectToken(deps, token, { issuer, audiences });
  if ("code" in verified) {
    const error = await reject(verified);
    return verified.code !== "issuer_unavailable" ? error : new OAuthError(
      "temporarily_unavailable",
      "The keys of the token's issuer are not available. Try again shortly.",
    );
  }
  const { claims } = verified;
  const scope = request.parameter("scope");
  const [match] = matchRules(rules, claims, { scope, now: new Date(clock.now()) });
  const { rule } = match;
  const evidence = { match, claims };
  if (!isMatch(match)) {
    const mismatches = match.mismatches.map(({ message }) => message).join(", and ");
    const message = `No rule matches. The closest is "${rule.name}": ${mismatches}.`;
    return await reject({ code: "no_matching_rule", message }, evidence);
  }
  const principal = await findPrincipal(sql, rule.principal.id);
  if (principal === undefined || principal.disabled) {
    const message = `The rule "${rule.name}" matches, but the account that it acts as is disabled.`;
    return await reject({ code: "account_disabled", message }, evidence);
  }
  const granted = checkWorkloadScope(deps, request, { rule, principal }, scope);
  if (granted instanceof OAuthError) return granted;
  // A token without jti may be presented any number of times, and each time is audited.
  const limitError = checkExchangeLimit(deps.exchangeLimit, {
    token: tokenHashHex(token),
    principal: principal.id,
  });
  if (limitError !== undefined) return toOAuthError(limitError);
  if (claims.jti !== undefined) {
    // Once, wherever it is presented (RFC 7523 section 3 item 7), until it is no longer accepted.
    const expiresAt = new Date((claims.exp + 2 * SKEW_SECONDS) * 1000);
    const caller = provider(rule.provider).reusesTokens ? callerOf(request) : undefined;
    if (!await recordJti(sql, { issuer, jti: claims.jti, caller, expiresAt })) {
      const message = `The rule "${rule.name}" matches, but the token was used before.`;
      return await reject({ code: "replayed", message }, evidence);
    }
  }
  return await issueWorkloadToken(deps, request, { rule, principal, scope: granted, claims });
}

/** Who presents a token, so that a stolen copy cannot be used from elsewhere. */
function callerOf({ client, address }: TokenRequest): string {
  return `${client.id} ${rateLimitKey(address)}`;
}

/** The requested scope, within that of the rule (checked before), of its account and the client. */
function checkWorkloadScope(
  { config }: ExchangeWorkloadTokenDeps,
  { client }: TokenRequest,
  { rule, principal }: { rule: TrustRule; principal: Principal },
  requested: string | undefined,
): string | OAuthError {
  const scopes = parseScope(requested ?? rule.scope) ?? [];
  const account = {
    isAdmin: principal.isAdmin,
    ownScopes: principal.scope === undefined ? undefined : parseScope(principal.scope),
  };
  const granted = limitLoginScope(config.scopes, account, client.id, formatScope(scopes));
  const missing = missingScopes(scopes, parseScope(granted) ?? []);
  if (granted === "" || (requested !== undefined && missing.length > 0)) {
    return new OAuthError(
      "invalid_scope",
      `${principal.username} is not allowed to have this scope.`,
    );
  }
  return granted;
}

interface Evidence {
  match?: RuleMatch;
  claims?: SubjectToken["claims"];
}

async function rejectToken(
  { sql, clock, config }: ExchangeWorkloadTokenDeps,
  request: TokenRequest,
  { issuer, errorCode, rejection, match, claims }: Evidence & {
    issuer: string;
    errorCode: OAuthErrorCode;
    rejection: Rejection;
  },
): Promise<OAuthError> {
  const isAudited = await checkRejectionLimit(sql, {
    address: request.address,
    now: new Date(clock.now()),
  });
  if (isAudited) {
    await recordAuditEvent(sql, clock, {
      event: "workload.refused",
      subject: match?.rule.id,
      address: request.address,
      details: {
        code: rejection.code,
        reason: storableText(rejection.message),
        issuer: claimText(issuer),
        ...claims && match && auditedClaims(match.rule, claims),
      },
    });
  }
  const description = config.federation.detailedErrors
    ? `The token is not trusted. ${rejection.message}`
    : "The token is not trusted. The operator can see the reason in the audit log, or by testing " +
      "the token.";
  return new OAuthError(errorCode, description);
}
