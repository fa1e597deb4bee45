import type { Clock } from "../../../shared/clock.ts";
import type { OAuthError } from "../../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { SubjectClaims } from "../../federation/subject_token.ts";
import type { ExchangeGrant } from "../../federation/decide_exchange.ts";
import { principalExtraClaims } from "../../resources/extra_claims.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import type { Sql } from "../../store/db/connect.ts";
import { checkAccessTokenSize, signAccessToken, type Workload } from "../../tokens/access_token.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import { toOAuthError } from "../to_oauth_error.ts";
import type { TokenRequest } from "./grant.ts";
import { auditedClaims, claimText, runClaims } from "./workload_claims.ts";

export interface IssueWorkloadTokenDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
}

/** Issues the access token of a rule, with as many claims of the run as have room in it. */
export async function issueWorkloadToken(
  deps: IssueWorkloadTokenDeps,
  request: TokenRequest,
  grant: ExchangeGrant & { claims: SubjectClaims },
): Promise<TokenResponse | OAuthError> {
  const { issuer, clock, keys, sql } = deps;
  const { rule, principal, scope, resource, claims } = grant;
  const lifetime = Math.min(
    rule.lifetimeSeconds,
    resource.accessTokenLifetime ?? rule.lifetimeSeconds,
  );
  const run = Object.entries(runClaims(rule, claims));
  const content = {
    subject: principal.subject,
    clientId: request.client.id,
    scope,
    audience: resource.identifier,
    algorithm: resource.signingAlgorithm,
    extraClaims: await principalExtraClaims(sql, resource, principal.id),
    workload: { act: { iss: rule.issuer, sub: claimText(claims.sub) }, run: {} } as Workload,
  };
  const signer = { issuer, clock, keys, lifetime };
  let tooLarge;
  do {
    content.workload.run = Object.fromEntries(run);
    tooLarge = await checkAccessTokenSize(signer, content);
  } while (tooLarge !== undefined && run.pop() !== undefined);
  if (tooLarge !== undefined) return toOAuthError(tooLarge);
  const accessToken = await signAccessToken(signer, content);
  await recordRepeatedAuditEvent(sql, clock, {
    event: "workload.token_issued",
    actor: `workload:${claimText(claims.sub)}`,
    actingFor: principal.id,
    subject: rule.id,
    address: request.address,
    details: { rule: rule.name, scope, ...auditedClaims(rule, claims) },
  });
  return { access_token: accessToken, token_type: "Bearer", expires_in: lifetime, scope };
}
