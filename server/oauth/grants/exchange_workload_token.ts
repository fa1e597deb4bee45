import { OAuthError, type OAuthErrorCode } from "../../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { AppParts } from "../../app_parts.ts";
import { rateLimitKey } from "../../http/client_ip.ts";
import { describeCondition } from "../../federation/condition.ts";
import { judge, passes, type RuleMatch } from "../../federation/match.ts";
import { provider } from "../../federation/providers.ts";
import {
  claimedIssuer,
  type Refusal,
  SKEW,
  type SubjectToken,
  verifySubjectToken,
} from "../../federation/subject_token.ts";
import type { TrustRule } from "../../federation/trust_rule.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import { limitLoginScope } from "../../scopes.ts";
import { recordAuditEvent, recordRepeatedAuditEvent } from "../../store/audit_events.ts";
import { findPrincipal, type Principal } from "../../store/service_accounts.ts";
import { recordJti, trustRulesOfIssuer } from "../../store/trust_rules.ts";
import { checkRefusalLimit } from "../../security/rate_limit.ts";
import { checkAccessTokenSize, signAccessToken, type Workload } from "../../tokens/access_token.ts";
import { tokenHashHex } from "../../tokens/token_hash.ts";
import { checkExchangeLimit } from "./exchange_limit.ts";
import type { TokenRequest } from "./grant.ts";

/** Longest claim we copy or write down, in characters. */
const MAX_CLAIM_LENGTH = 255;

/**
 * Trades a workload's identity token for an access token, by the operator's
 * rules. `refusal` is the code the grant's own standard has for a bad token.
 * Every outcome is audited.
 */
export async function exchangeWorkloadToken(
  parts: AppParts & { exchanges: RateLimit },
  request: TokenRequest,
  token: string,
  refusal: OAuthErrorCode,
): Promise<TokenResponse | OAuthError> {
  const { sql, clock } = parts;
  const issuer = claimedIssuer(token);
  if (issuer === undefined) return new OAuthError(refusal, "The token is no JSON Web Token.");
  const rules = await trustRulesOfIssuer(sql, issuer);
  const refuse = (why: string, more: { judgement?: RuleMatch; claims?: SubjectToken["claims"] }) =>
    refused(parts, request, { issuer, why, code: refusal, ...more });
  if (rules.length === 0) return await refuse("no rule trusts this issuer", {});

  const audiences = [...new Set(rules.map(({ audience }) => audience))];
  const verified = await verifySubjectToken(parts, token, { issuer, audiences });
  if (isRefusal(verified)) {
    if (!verified.temporary) return await refuse(verified.reason, {});
    await refuse(verified.reason, {});
    return new OAuthError(
      "temporarily_unavailable",
      "The token's issuer cannot be asked for its keys. Try again shortly.",
    );
  }
  const { claims } = verified;
  const scope = request.parameter("scope");
  const now = new Date(clock.now());
  const [nearest] = judge(rules, claims, { scope, now });
  if (!passes(nearest)) return await refuse("no rule matches", { judgement: nearest, claims });

  const { rule } = nearest;
  const principal = await findPrincipal(sql, rule.principal.id);
  if (principal === undefined || principal.disabled) {
    return await refuse("the account it would act for is disabled", { judgement: nearest, claims });
  }
  const granted = checkWorkloadScope(parts, request, { rule, principal }, scope);
  if (granted instanceof OAuthError) return granted;
  // One without jti may be presented as often as its holder likes, and each time is audited.
  const tooMany = checkExchangeLimit(parts.exchanges, {
    token: tokenHashHex(token),
    principal: principal.id,
  });
  if (tooMany !== undefined) return tooMany;
  if (claims.jti !== undefined) {
    // Once, wherever it is presented (RFC 7523 section 3 item 7), and for as long as it is taken.
    const expiresAt = new Date((claims.exp + 2 * SKEW) * 1000);
    const caller = provider(rule.provider).reusesTokens ? callerOf(request) : undefined;
    if (!await recordJti(sql, { issuer, jti: claims.jti, caller, expiresAt })) {
      return await refuse("it was used before", { judgement: nearest, claims });
    }
  }
  return await issue(parts, request, { rule, principal, scope: granted, claims });
}

/** Who presents a token, so that a stolen copy is of no use elsewhere. */
function callerOf({ client, address }: TokenRequest): string {
  return `${client.id} ${rateLimitKey(address)}`;
}

function isRefusal(verified: SubjectToken | Refusal): verified is Refusal {
  return "reason" in verified;
}

/**
 * What was asked for, within the rule (checked before) and what its account and the client
 * may have now.
 */
function checkWorkloadScope(
  { config }: Pick<AppParts, "config">,
  { client }: TokenRequest,
  { rule, principal }: { rule: TrustRule; principal: Principal },
  asked: string | undefined,
): string | OAuthError {
  const wanted = parseScope(asked ?? rule.scope) ?? [];
  const holder = {
    isAdmin: principal.isAdmin,
    ownScopes: principal.scope === undefined ? undefined : parseScope(principal.scope),
  };
  const granted = limitLoginScope(config.scopes, holder, client.id, formatScope(wanted));
  const missing = missingScopes(wanted, parseScope(granted) ?? []);
  if (granted === "" || (asked !== undefined && missing.length > 0)) {
    return new OAuthError("invalid_scope", `${principal.username} may not have this scope.`);
  }
  return granted;
}

async function issue(
  parts: AppParts,
  request: TokenRequest,
  grant: { rule: TrustRule; principal: Principal; scope: string; claims: SubjectToken["claims"] },
): Promise<TokenResponse | OAuthError> {
  const { config, issuer, clock, keys, sql } = parts;
  const { rule, principal, scope, claims } = grant;
  const lifetime = rule.lifetimeSeconds;
  const run = Object.entries(runClaims(rule, claims));
  const content = {
    subject: principal.id,
    clientId: request.client.id,
    scope,
    audience: config.audience ?? issuer,
    workload: { act: { iss: rule.issuer, sub: text(claims.sub) }, run: {} } as Workload,
  };
  const signer = { issuer, clock, keys, lifetime };
  let tooLarge;
  do {
    content.workload.run = Object.fromEntries(run);
    tooLarge = await checkAccessTokenSize(signer, content);
  } while (tooLarge !== undefined && run.pop() !== undefined);
  if (tooLarge !== undefined) return tooLarge;
  const accessToken = await signAccessToken(signer, content);
  await recordRepeatedAuditEvent(sql, clock, {
    event: "workload.token_issued",
    actor: principal.id,
    subject: rule.id,
    address: request.address,
    details: { rule: rule.name, scope, ...auditedClaims(rule, claims) },
  });
  return { access_token: accessToken, token_type: "Bearer", expires_in: lifetime, scope };
}

async function refused(
  { sql, clock, config }: AppParts,
  request: TokenRequest,
  refusal: {
    issuer: string;
    why: string;
    code: OAuthErrorCode;
    judgement?: RuleMatch;
    claims?: SubjectToken["claims"];
  },
): Promise<OAuthError> {
  const { judgement, claims } = refusal;
  const detail = judgement === undefined ? "" : `: ${describeJudgement(judgement)}`;
  const counted = await checkRefusalLimit(sql, {
    address: request.address,
    now: new Date(clock.now()),
  });
  if (counted) {
    await recordAuditEvent(sql, clock, {
      event: "workload.refused",
      subject: judgement?.rule.id,
      address: request.address,
      details: {
        reason: refusal.why + detail,
        issuer: text(refusal.issuer),
        ...claims && judgement && auditedClaims(judgement.rule, claims),
      },
    });
  }
  const words = config.federation.detailedErrors
    ? `The token is not trusted: ${refusal.why}${detail}.`
    : "The token is not trusted. The operator can see why in the audit log or by testing it.";
  return new OAuthError(refusal.code, words);
}

/** Which condition kept the nearest rule from matching, or which rule matched. */
function describeJudgement(judgement: RuleMatch): string {
  const { rule, failed, obstacle } = judgement;
  if (passes(judgement)) return `the rule "${rule.name}" matches`;
  const wants = failed.map(describeCondition);
  if (obstacle !== undefined) wants.push(obstacle);
  return `the nearest rule is "${rule.name}", which wants that ${wants.join(" and that ")}`;
}

function runClaims(rule: TrustRule, claims: SubjectToken["claims"]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of provider(rule.provider).runClaims) {
    const value = claims[name];
    if (typeof value === "string" || typeof value === "number") found[name] = text(value);
  }
  return found;
}

function auditedClaims(rule: TrustRule, claims: SubjectToken["claims"]): Record<string, string> {
  const { jti } = claims;
  return {
    issuer: text(rule.issuer),
    sub: text(claims.sub),
    aud: text([claims.aud].flat().join(" ")),
    ...jti !== undefined && { jti: text(jti) },
    ...runClaims(rule, claims),
  };
}

/** A foreign text, no longer than is useful, without what no database takes. */
function text(value: unknown): string {
  return String(value ?? "").slice(0, MAX_CLAIM_LENGTH).toWellFormed().replaceAll("\0", "\ufffd");
}
