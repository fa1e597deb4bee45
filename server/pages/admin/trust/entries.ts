import { DomainError } from "../../../domain_error.ts";
import type { RuleOptions } from "../../../federation/build_rule.ts";
import { isProviderName, type ProviderName } from "../../../federation/providers.ts";
import { toRuleOptions } from "../../../federation/rule_options.ts";
import type { ScopeDescription } from "../../../scopes.ts";
import { scopeNames, workloadScopes } from "../../../scopes.ts";
import type { ListedTrustRule } from "../../../store/trust_rules.ts";

/** What an administrator enters, by the step that has the field. */
export const WORKLOAD_ENTRIES = [
  "subject",
  "repository_id",
  "workflow",
  "branch",
  "tag",
  "environment",
  "issuer",
  "audience",
  "conditions",
] as const;
export const PERMISSION_ENTRIES = ["scope", "until", "name", "account", "lifetime"] as const;

/**
 * All that travels from step to step: the entries, the rule that is edited with its version, and
 * the repository number that was looked up.
 */
const NAMES = [
  "rule",
  "version",
  "provider",
  ...WORKLOAD_ENTRIES,
  "found",
  ...PERMISSION_ENTRIES,
] as const;

type EntryName = typeof NAMES[number];
export type Entries = Partial<Record<EntryName, string>>;

/** Longest entry, in characters. */
const MAX_LENGTH = 2000;

/** The entries of a query or form. Scopes are check boxes in a form, one list elsewhere. */
export function readEntries(
  get: (name: string) => string | undefined,
  catalog: readonly ScopeDescription[],
): Entries {
  const entries: Entries = {};
  for (const name of NAMES) {
    const value = get(name)?.trim().slice(0, MAX_LENGTH);
    if (value) entries[name] = value;
  }
  const checked = scopeNames(workloadScopes(catalog)).filter((name) => get(`scope:${name}`));
  if (get("scopes") !== undefined) entries.scope = checked.join(" ") || undefined;
  return entries;
}

/** Entries as a query; none that is empty. */
export function toQuery(entries: Entries & { step?: string }): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(entries)) if (value) query.set(name, value);
  return query.toString();
}

export function providerOf({ provider = "" }: Entries): ProviderName | undefined {
  return isProviderName(provider) ? provider : undefined;
}

/** The options of the rule, with the number that was looked up for the subject. */
export function toOptions(entries: Entries): RuleOptions {
  const { subject, repository_id, workflow, branch, tag, environment, issuer } = entries;
  const lines = (entries.conditions ?? "").split(/\r?\n/).map((line) => line.trim());
  return {
    subject,
    repositoryId: repository_id ?? foundNumber(entries),
    workflow,
    branch,
    tag,
    environment,
    issuer,
    conditions: lines.filter((line) => line !== ""),
  };
}

/** The number that was looked up for this subject, which `found` names after it. */
export function foundNumber(entries: Entries): string | undefined {
  const { subject } = entries;
  const [number, ...name] = (entries.found ?? "").split(" ");
  return subject !== undefined && name.join(" ") === subject ? number : undefined;
}

/** The entries that a rule was built from. */
export function toEntries(rule: ListedTrustRule, issuer: string, version: string): Entries {
  const options = toRuleOptions(rule.provider, rule);
  const { subject, repositoryId, workflow, branch, tag, environment } = options;
  // The number of a name is kept as long as the name is.
  const isFound = subject !== undefined && repositoryId !== undefined;
  return {
    rule: rule.name,
    version,
    provider: rule.provider,
    subject,
    ...isFound ? { found: `${repositoryId} ${subject}` } : { repository_id: repositoryId },
    workflow,
    branch,
    tag,
    environment,
    issuer: options.issuer,
    audience: rule.audience === issuer ? undefined : rule.audience,
    conditions: options.conditions.join("\n") || undefined,
    scope: rule.scope,
    until: rule.enabledUntil?.toISOString().slice(0, 10),
    lifetime: String(rule.lifetimeSeconds),
  };
}

/** The value of a date field as a time; undefined if it is empty. */
export function readUntil(entries: Entries, before?: Date): string | undefined | DomainError {
  const { until } = entries;
  if (until === undefined) return undefined;
  // A rule that expires at another time of the day keeps it until its date is changed.
  if (before !== undefined && before.toISOString().slice(0, 10) === until) {
    return before.toISOString();
  }
  if (/^\d{4}-\d\d-\d\d$/.test(until) && !Number.isNaN(Date.parse(until))) return until;
  return new DomainError("invalid", "Select a date.", { field: "until" });
}
