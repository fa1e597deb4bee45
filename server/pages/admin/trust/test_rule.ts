import { brand } from "../../../../shared/brand.ts";
import { isUuid } from "../../../../shared/uuid.ts";
import { DomainError } from "../../../domain_error.ts";
import {
  decideByClaims,
  decideExchange,
  type Decision,
  type ExchangeQuestion,
} from "../../../federation/decide_exchange.ts";
import { parseRecordedClaims } from "../../../federation/recorded_claims.ts";
import type { TrustRule } from "../../../federation/trust_rule.ts";
import { checkRuleTestLimit } from "../../../security/rate_limit.ts";
import { findAuditDetails } from "../../../store/audit_events.ts";
import { commandLineClient, findClient } from "../../../store/clients.ts";
import { findPrincipal, type Principal } from "../../../store/principals.ts";
import { findServiceAccountByName } from "../../../store/service_accounts.ts";
import { type ListedTrustRule, trustRulesOfIssuer } from "../../../store/trust_rules.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { Candidate } from "./candidate.ts";

/** How long rejected jobs can be used for tests. */
export const REJECTION_AGE_MS = 7 * 86_400_000;

/** What a rule is tested with. */
export type TestInput = { token: string } | { rejection: string };

/** The rule that is tested is one of those of `decision.matches`, if the issuer is its own. */
export interface RuleTest {
  decision: Decision;
  candidate: TrustRule;
}

/**
 * What the token endpoint would decide if the rule were saved, for a pasted token or for the
 * recorded claims of a rejected job. The token is neither stored nor used up.
 */
export async function testRule(
  deps: PageDeps & { actor: string },
  rule: Candidate,
  before: ListedTrustRule | undefined,
  input: TestInput,
): Promise<RuleTest | DomainError> {
  const { sql, clock } = deps;
  const now = new Date(clock.now());
  const limit = await checkRuleTestLimit(sql, { userId: deps.actor, now });
  if (limit !== undefined) return limit;
  const candidate: TrustRule = {
    id: before?.id ?? "",
    name: rule.name,
    provider: rule.provider,
    issuer: rule.issuer,
    audience: rule.audience,
    conditions: rule.conditions,
    scope: rule.scope,
    lifetimeSeconds: rule.lifetimeSeconds,
    principal: before?.principal ?? { id: "", kind: "service_account" },
    enabledUntil: rule.enabledUntil === undefined ? undefined : new Date(rule.enabledUntil),
    disabledAt: before?.disabledAt,
    createdAt: before?.createdAt ?? now,
  };
  const question: ExchangeQuestion = {
    rulesOf: async (issuer) =>
      withCandidate(await trustRulesOfIssuer(sql, issuer), candidate, issuer),
    principalOf: (matched) =>
      matched === candidate
        ? principalOf(deps, rule, before)
        : findPrincipal(sql, matched.principal.id),
    client: await findClient(sql, commandLineClient.id) ?? commandLineClient,
  };
  if ("token" in input) {
    const token = extractToken(input.token);
    if (token instanceof DomainError) return token;
    return { decision: await decideExchange(deps, token, question), candidate };
  }
  const recorded = await findRejection(deps, input.rejection, now);
  if (recorded instanceof DomainError) return recorded;
  const { issuer, claims, scope } = recorded;
  const decision = await decideByClaims(deps, { issuer, claims }, { ...question, scope });
  return { decision, candidate };
}

/** The rules of an issuer once the candidate is saved, in the order in which they are tried. */
function withCandidate(rules: TrustRule[], candidate: TrustRule, issuer: string): TrustRule[] {
  const others = rules.filter(({ id }) => id !== candidate.id);
  if (candidate.issuer !== issuer) return others;
  const older = others.filter(({ createdAt, name }) =>
    createdAt < candidate.createdAt ||
    (createdAt.getTime() === candidate.createdAt.getTime() && name < candidate.name)
  );
  return [...older, candidate, ...others.slice(older.length)];
}

/** The account of the candidate, as saving it would leave it. */
async function principalOf(
  { sql }: PageDeps,
  { name, account, scope }: Candidate,
  before: ListedTrustRule | undefined,
): Promise<Principal | undefined> {
  const created = {
    ...{ id: "", subject: "", username: name, disabled: false, isAdmin: false, groups: [] },
    scope,
  };
  if (before !== undefined) {
    const principal = await findPrincipal(sql, before.principal.id);
    // The dry run has checked that the account may have the scopes of the rule.
    return principal?.scope === undefined ? principal : { ...principal, scope };
  }
  if (account === undefined) return created;
  const existing = await findServiceAccountByName(sql, account);
  return existing && await findPrincipal(sql, existing.id);
}

/** The token in what was pasted: with line breaks, "Bearer", or in Base64 as logs mask tokens. */
function extractToken(text: string): string | DomainError {
  const pasted = text.replace(/^\s*(?:authorization:\s*)?(?:bearer\s+)?/i, "").replace(/\s/g, "")
    .replace(/^"|"$/g, "");
  if (isJwt(pasted)) return pasted;
  const decoded = decodeBase64(pasted)?.trim() ?? "";
  if (isJwt(decoded)) return decoded;
  const isOurs = Object.values(brand.tokenPrefixes).some((prefix) => pasted.startsWith(prefix));
  return new DomainError(
    "invalid",
    isOurs
      ? `This is a token of ${brand.productName}, not an identity token. Revoke it if others may ` +
        "have seen it, and paste the token that the provider signed for the job."
      : "This is not an identity token. Paste the complete token: three parts with dots between " +
        "them, and nothing else.",
    { field: "token" },
  );
}

function isJwt(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

async function findRejection({ sql }: PageDeps, id: string, now: Date) {
  const since = new Date(now.getTime() - REJECTION_AGE_MS);
  const details = isUuid(id)
    ? await findAuditDetails(sql, { id, event: "workload.refused", since })
    : undefined;
  const claims = parseRecordedClaims(details?.claims);
  if (details === undefined || claims === undefined) {
    return new DomainError("invalid", "Select a rejected job, or paste a token.", {
      field: "rejection",
    });
  }
  const { issuer, scope } = details;
  return { issuer: String(issuer), claims, scope: typeof scope === "string" ? scope : undefined };
}
