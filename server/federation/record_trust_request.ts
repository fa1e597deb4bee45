import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { Sql } from "../store/db/connect.ts";
import { recordTrustRequest } from "../store/trust_requests.ts";
import type { Claims } from "./condition.ts";
import type { Decision } from "./decide_exchange.ts";
import type { JwksCache } from "./jwks_cache.ts";
import { narrowestRule, type SeenWorkload, workloadHash } from "./narrow_rule.ts";
import { type ProviderName, providers } from "./providers.ts";
import { parseRecordedClaims, recordedClaims } from "./recorded_claims.ts";
import { verifySubjectToken } from "./subject_token.ts";

/** How long a workload that is not seen again can be approved, in ms. */
export const TRUST_REQUEST_AGE_MS = 7 * 86_400_000;

/** Rows that are kept. Anyone with an account at a provider of the rules can cause some. */
const LIMITS = { perIssuer: 200, total: 1000 } as const;

const MAX_SCOPE_LENGTH = 500;

export interface RecordRequestDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  jwksCache: JwksCache;
  config: Pick<ServerConfig, "federation">;
}

/**
 * Records a workload that no rule trusts, so that an administrator can approve it. Its token was
 * verified, or is verified now if its issuer is that of a provider and the operator allows it: keys
 * are never fetched from an issuer that only a token names.
 */
export async function recordRejectedWorkload(
  deps: RecordRequestDeps,
  { token, decision, scope, address }: {
    token: string;
    decision: Decision;
    scope?: string;
    address: string;
  },
): Promise<void> {
  const { trustRequests } = deps.config.federation;
  if (trustRequests === "off") return;
  const seen = decision.claims === undefined
    ? trustRequests === "providers" ? await verifyAtProvider(deps, token, decision) : undefined
    : fromDecision(decision, decision.claims);
  if (seen === undefined) return;
  const rule = await narrowestRule(seen);
  if (rule === undefined) return;
  await recordTrustRequest(deps.sql, {
    ...seen,
    workloadHash: workloadHash(seen, rule),
    claims: JSON.stringify(seen.claims),
    scope: scope !== undefined && scope.length <= MAX_SCOPE_LENGTH ? scope : undefined,
    address,
    now: new Date(deps.clock.now()),
  }, LIMITS);
}

/** Undefined if a rule is for the workload, but disabled, expired or without the scope. */
function fromDecision(
  { issuer, matches }: Decision,
  claims: Claims,
): SeenWorkload | undefined {
  const isKnown = matches.some(({ checks }) => checks.every(({ isMet }) => isMet));
  if (issuer === undefined || matches.length === 0 || isKnown) return undefined;
  const rules = matches.map(({ rule }) => rule);
  const accepted = rules.map(({ audience }) => audience);
  const audience = [claims.aud].flat().find((it) => accepted.includes(String(it)));
  const name = rules[0].provider;
  return toWorkload(name, { issuer, audience, claims }, recordedClaims(rules, claims));
}

async function verifyAtProvider(
  deps: RecordRequestDeps,
  token: string,
  { issuer }: Decision,
): Promise<SeenWorkload | undefined> {
  const declared = providers.find((provider) =>
    provider.issuer !== undefined && provider.issuer === issuer
  );
  if (declared === undefined || issuer === undefined) return undefined;
  const verified = await verifySubjectToken(deps, token, { issuer, audiences: [deps.issuer] });
  if ("code" in verified) return undefined;
  const { claims } = verified;
  const recorded = recordedClaims([{ provider: declared.name, conditions: [] }], claims);
  return toWorkload(declared.name, { issuer, audience: deps.issuer, claims }, recorded);
}

function toWorkload(
  provider: ProviderName,
  { issuer, audience }: { issuer: string; audience: unknown; claims: Claims },
  recorded: string,
): SeenWorkload | undefined {
  const claims = parseRecordedClaims(recorded);
  if (claims === undefined || typeof audience !== "string") return undefined;
  return { provider, issuer, audience, claims };
}
