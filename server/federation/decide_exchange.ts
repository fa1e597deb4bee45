import type { Clock } from "../../shared/clock.ts";
import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { mayUseResource, type ResourceClient } from "../resources/client_resources.ts";
import type { Resource } from "../resources/resource.ts";
import { limitLoginScope, type ScopedClient, type ScopeDescription } from "../scopes.ts";
import type { Principal } from "../store/principals.ts";
import type { Claims } from "./condition.ts";
import type { JwksCache } from "./jwks_cache.ts";
import { isMatch, matchRules, type RuleMatch } from "./match.ts";
import { claimedIssuer, type SubjectClaims, verifySubjectToken } from "./subject_token.ts";
import type { TokenRejection } from "./token_rejection.ts";
import type { TrustRule } from "./trust_rule.ts";

/** Why no access token is issued, for operators. */
export interface ExchangeRejection {
  code:
    | TokenRejection["code"]
    | "unknown_issuer"
    | "no_matching_rule"
    | "account_disabled"
    /** The account or the client may not have the scope. */
    | "scope_not_allowed";
  /** One or two sentences. */
  message: string;
}

/** What the access token would be. */
export interface ExchangeGrant {
  rule: TrustRule;
  principal: Principal;
  scope: string;
  resource: Resource;
}

export interface Decision {
  /** The issuer that the token names; undefined if it is not a JSON Web Token. */
  issuer?: string;
  /** Of the verified token. */
  claims?: Claims;
  /** Each rule of the issuer, the one that decides first. */
  matches: RuleMatch[];
  outcome: { grant: ExchangeGrant } | { rejection: ExchangeRejection };
}

/** A decision to grant, with the claims of the token. */
export type GrantDecision = Decision & { claims: SubjectClaims; outcome: { grant: ExchangeGrant } };

export interface ExchangeQuestion {
  /** The rules of an issuer, oldest first. */
  rulesOf(issuer: string): Promise<TrustRule[]>;
  /** The account that a rule acts as; undefined if there is none. */
  principalOf(rule: TrustRule): Promise<Principal | undefined>;
  /** The requested scope; undefined: that of the rule. */
  scope?: string;
  /** What the access token is for; undefined: what the scopes are for. */
  resource?: Resource;
  client: ScopedClient & ResourceClient;
}

type DecideCatalog = Pick<ResourceCatalog, "default" | "find" | "scopes" | "scopesOf">;

interface ClaimsDeps {
  clock: Clock;
  catalog: DecideCatalog;
}

export interface DecideDeps extends ClaimsDeps {
  jwksCache: JwksCache;
}

/**
 * Whether a workload's identity token is exchanged, and for what. It decides at the token endpoint
 * and in each test of a rule; it issues and records nothing. Keys are fetched only from an issuer
 * that has rules.
 */
export async function decideExchange(
  deps: DecideDeps,
  token: string,
  question: ExchangeQuestion,
): Promise<Decision> {
  const issuer = claimedIssuer(token);
  if (issuer === undefined) {
    return rejected({}, { code: "malformed", message: "The token is not a JSON Web Token." });
  }
  const rules = await question.rulesOf(issuer);
  if (rules.length === 0) return unknownIssuer(issuer);
  const audiences = [...new Set(rules.map(({ audience }) => audience))];
  const verified = await verifySubjectToken(deps, token, { issuer, audiences });
  if ("code" in verified) return rejected({ issuer }, verified);
  return await decideByRules(deps, { issuer, claims: verified.claims, rules }, question);
}

/** The same decision about claims that were verified before. */
export async function decideByClaims(
  deps: ClaimsDeps,
  { issuer, claims }: { issuer: string; claims: Claims },
  question: ExchangeQuestion,
): Promise<Decision> {
  const rules = await question.rulesOf(issuer);
  if (rules.length === 0) return unknownIssuer(issuer);
  return await decideByRules(deps, { issuer, claims, rules }, question);
}

async function decideByRules(
  { clock, catalog }: ClaimsDeps,
  { issuer, claims, rules }: { issuer: string; claims: Claims; rules: TrustRule[] },
  { principalOf, scope, resource: target, client }: ExchangeQuestion,
): Promise<Decision> {
  const matches = matchRules(rules, claims, { scope, now: new Date(clock.now()) });
  const facts = { issuer, claims, matches };
  const [match] = matches;
  const { rule } = match;
  if (!isMatch(match)) {
    const mismatches = match.mismatches.map(({ message }) => message).join(", and ");
    const message = `No rule matches. The closest is "${rule.name}": ${mismatches}.`;
    return rejected(facts, { code: "no_matching_rule", message });
  }
  const principal = await principalOf(rule);
  if (principal === undefined || principal.disabled) {
    const message = `The rule "${rule.name}" matches, but the account that it acts as is disabled.`;
    return rejected(facts, { code: "account_disabled", message });
  }
  const resource = target ?? resourceOfScopes(catalog, parseScope(scope ?? rule.scope) ?? []);
  if (!mayUseResource(client, resource)) {
    const message = `The client may not use the resource ${resource.identifier}.`;
    return rejected(facts, { code: "scope_not_allowed", message });
  }
  const available = catalog.scopesOf(resource);
  const granted = limitScope(available, { rule, principal, client, requested: scope });
  if (granted === undefined) {
    const message = `${principal.username} is not allowed to have this scope.`;
    return rejected(facts, { code: "scope_not_allowed", message });
  }
  return { ...facts, outcome: { grant: { rule, principal, scope: granted, resource } } };
}

/**
 * The scopes of a rule also say which resources it may have tokens for: without any scope of the
 * default one, the resource of the first.
 */
function resourceOfScopes(catalog: DecideCatalog, scopes: readonly string[]): Resource {
  const known = catalog.scopes().filter(({ name }) => scopes.includes(name));
  const [first] = known;
  const isDefault = known.some(({ resource }) => resource === undefined);
  return (isDefault ? undefined : catalog.find(first?.resource ?? "")) ?? catalog.default;
}

/** The requested scope, within that of the rule (checked before), of its account and the client. */
function limitScope(
  catalog: readonly ScopeDescription[],
  { rule, principal, client, requested }: {
    rule: TrustRule;
    principal: Principal;
    client: ScopedClient;
    requested?: string;
  },
): string | undefined {
  const scopes = parseScope(requested ?? rule.scope) ?? [];
  const account = {
    isAdmin: principal.isAdmin,
    groups: principal.groups,
    ownScopes: principal.scope === undefined ? undefined : parseScope(principal.scope),
  };
  const granted = limitLoginScope(catalog, account, client, formatScope(scopes));
  const missing = missingScopes(scopes, parseScope(granted) ?? []);
  return granted === "" || (requested !== undefined && missing.length > 0) ? undefined : granted;
}

function unknownIssuer(issuer: string): Decision {
  return rejected({ issuer }, { code: "unknown_issuer", message: "No rule trusts this issuer." });
}

function rejected(
  facts: Partial<Pick<Decision, "issuer" | "claims" | "matches">>,
  rejection: ExchangeRejection,
): Decision {
  return { matches: [], ...facts, outcome: { rejection } };
}

export function isGrant(decision: Decision): decision is GrantDecision {
  return "grant" in decision.outcome;
}
