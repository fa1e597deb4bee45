import { addTrustRule, type TrustRuleRequest } from "../../../admin/trust/add_rule.ts";
import { editTrustRule, noRule } from "../../../admin/trust/edit_rule.ts";
import { DomainError } from "../../../domain_error.ts";
import { buildRule, type LookUpNumber } from "../../../federation/build_rule.ts";
import { type Condition, sameConditions } from "../../../federation/condition.ts";
import { provider, type ProviderName } from "../../../federation/providers.ts";
import { repositoryNumberLookUp } from "../../../federation/repository_number.ts";
import { findRuleRisks } from "../../../federation/rule_lint.ts";
import type { RuleRisk } from "../../../federation/rule_risk.ts";
import { findTrustRule, type ListedTrustRule } from "../../../store/trust_rules.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { type Entries, foundNumber, providerOf, readUntil, toOptions } from "./entries.ts";

/** The workloads that the entries of the second step name. */
export interface WorkloadDraft {
  provider: ProviderName;
  issuer: string;
  audience: string;
  conditions: Condition[];
  /** A name for the rule. */
  name: string;
  /** The repository that is trusted by its name, since its number is unknown. */
  byName?: string;
  risks: RuleRisk[];
}

/** A rule as it would be saved. */
export interface Candidate extends WorkloadDraft {
  scope: string;
  lifetimeSeconds: number;
  enabledUntil?: string;
  /** Of an existing service account; undefined: a new one with the name of the rule. */
  account?: string;
}

export const DEFAULT_LIFETIME_SECONDS = 600;

const NO_LOOK_UP: LookUpNumber = () => Promise.resolve(undefined);

/** The rule that is edited; undefined if a new one is added. */
export async function editedRule(
  { sql }: PageDeps,
  { rule: name }: Entries,
): Promise<ListedTrustRule | undefined | DomainError> {
  if (name === undefined) return undefined;
  return await findTrustRule(sql, name) ?? noRule(name);
}

/** `lookUp`: of the number of a repository; by default, only a number found before is used. */
export async function draftWorkload(
  deps: PageDeps,
  entries: Entries,
  lookUp: LookUpNumber = NO_LOOK_UP,
): Promise<WorkloadDraft | DomainError> {
  const name = providerOf(entries);
  if (name === undefined) {
    return new DomainError("invalid", "Choose a provider.", { field: "provider" });
  }
  const built = await buildRule(name, toOptions(entries), lookUp);
  if (built instanceof DomainError) return built;
  const { issuer, conditions } = built;
  return {
    ...built,
    provider: name,
    audience: entries.audience ?? deps.issuer,
    risks: findRuleRisks({ provider: name, issuer, conditions }),
  };
}

/**
 * Checks the entries of the second step, and looks up the number of the repository unless it was
 * found before. Returns the entries with it.
 */
export async function completeWorkload(
  deps: PageDeps,
  entries: Entries,
  before: ListedTrustRule | undefined,
): Promise<Entries | DomainError> {
  const typed = entries.repository_id;
  const isKnown = typed === undefined && foundNumber(entries) !== undefined;
  let number: string | undefined;
  const ask = repositoryNumberLookUp(deps.http, deps.config.federation.privateIssuers);
  const lookUp: LookUpNumber = async (url) => number = await ask(url);
  // A number that was entered is compared with the one that the provider has for the name.
  const isLookedUp = entries.subject !== undefined && !isKnown;
  const nameOnly = { ...entries, repository_id: undefined, found: undefined };
  const draft = await draftWorkload(deps, isLookedUp ? nameOnly : entries, lookUp);
  if (draft instanceof DomainError) return draft;
  if (typed !== undefined && number !== undefined && typed !== number) {
    return new DomainError(
      "invalid",
      `${entries.subject} has the number ${number}, not ${typed}. Correct one of them, or leave ` +
        "the number empty.",
      { field: "repositoryId" },
    );
  }
  const problem = await checkConditions(deps, entries, before);
  if (problem !== undefined) return problem;
  if (isKnown) return entries;
  if (typed !== undefined) return { ...entries, found: undefined };
  return { ...entries, found: number === undefined ? undefined : `${number} ${entries.subject}` };
}

/** The page accepts no new condition on claims that the provider advises against. */
async function checkConditions(
  deps: PageDeps,
  entries: Entries,
  before: ListedTrustRule | undefined,
): Promise<DomainError | undefined> {
  const draft = await draftWorkload(deps, entries);
  if (draft instanceof DomainError) return draft;
  const { unsuitableClaims = {} } = provider(draft.provider);
  const isOld = (condition: Condition) =>
    before?.conditions.some((it) => sameConditions([it], [condition]));
  const unsuitable = draft.conditions.find((condition) =>
    Object.hasOwn(unsuitableClaims, condition.claim) && !isOld(condition)
  );
  if (unsuitable === undefined) return undefined;
  return new DomainError(
    "invalid",
    `Do not write a condition on ${unsuitable.claim}. ${unsuitableClaims[unsuitable.claim]}`,
    { field: "conditions" },
  );
}

/** The rule that the entries of all steps describe. */
export async function draftRule(
  deps: PageDeps,
  entries: Entries,
  before: ListedTrustRule | undefined,
): Promise<Candidate | DomainError> {
  const draft = await draftWorkload(deps, entries);
  if (draft instanceof DomainError) return draft;
  const enabledUntil = readUntil(entries, before?.enabledUntil);
  if (enabledUntil instanceof DomainError) return enabledUntil;
  return {
    ...draft,
    name: before?.name ?? entries.name ?? draft.name,
    scope: entries.scope ?? "",
    lifetimeSeconds: Number(entries.lifetime ?? DEFAULT_LIFETIME_SECONDS),
    enabledUntil,
    account: entries.account,
  };
}

export interface SavedRule {
  name: string;
  actsAs: string;
  /** Scopes that the account of an edited rule could not have before. */
  newAccountScopes: string[];
}

/** What saving needs besides the rule. */
export interface SaveOptions {
  before: ListedTrustRule | undefined;
  version?: string;
  /** The administrator insists on a rule with risks. */
  force: boolean;
  /** See TrustRuleChanges. */
  extendAccount: string;
  dryRun?: boolean;
}

/** Adds or changes the rule or, as a dry run, only checks it. */
export async function saveRule(
  deps: PageDeps & { actor: string },
  candidate: Candidate,
  { before, version, force, extendAccount, dryRun }: SaveOptions,
): Promise<SavedRule | DomainError> {
  const { name, issuer, audience, conditions, scope, lifetimeSeconds, enabledUntil } = candidate;
  if (before !== undefined) {
    return await editTrustRule(deps, {
      name,
      issuer,
      audience,
      conditions,
      scope,
      lifetimeSeconds,
      // A rule that has expired may keep its date.
      enabledUntil: enabledUntil === before.enabledUntil?.toISOString()
        ? undefined
        : enabledUntil ?? null,
      force,
      extendAccount,
      version,
      dryRun,
    });
  }
  const request: TrustRuleRequest = {
    name,
    provider: candidate.provider,
    issuer,
    audience,
    conditions,
    scope,
    lifetimeSeconds,
    enabledUntil,
    serviceAccount: candidate.account,
    force,
    dryRun,
  };
  const added = await addTrustRule(deps, request);
  return added instanceof DomainError
    ? added
    : { name, actsAs: added.actsAs, newAccountScopes: [] };
}
