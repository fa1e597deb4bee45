import { DomainError } from "../domain_error.ts";
import { type Condition, conditionOn } from "./condition.ts";
import { isUsableIssuer } from "./issuer.ts";
import type { Provider, Subject } from "./provider.ts";
import { provider, type ProviderName } from "./providers.ts";

/** The workloads to trust, in the provider's terms. */
export interface RuleOptions {
  subject?: string;
  workflow?: string;
  branch?: string;
  tag?: string;
  environment?: string;
  issuer?: string;
  /** The repository's or project's number, if the operator knows it. */
  repositoryId?: string;
  /** Further conditions: `claim=value`, or `claim~glob`; a claim named again may be either. */
  conditions: string[];
}

export interface RuleDraft {
  name: string;
  issuer: string;
  conditions: Condition[];
  /** The repository or project that is trusted by its name, since its number is unknown. */
  byName?: string;
}

/**
 * Looks up the number of the repository or project that `apiUrl` describes. Undefined if it is
 * not available: private, offline, or unknown.
 */
export type LookUpNumber = (apiUrl: string) => Promise<string | undefined>;

/** Why a rule that trusts a repository by its name should trust its number instead. */
export function byNameNote(name: string): string {
  return `The number of ${name} could not be looked up, so the rule trusts the name. If the name ` +
    "is given up, another owner can take it. A rule for the number is safer.";
}

/** Turns options into an issuer and conditions. */
export async function buildRule(
  name: ProviderName,
  options: RuleOptions,
  lookUpNumber: LookUpNumber,
): Promise<RuleDraft | DomainError> {
  const declared = provider(name);
  const issuer = issuerOf(declared, options);
  if (issuer instanceof DomainError) return issuer;
  const subject = await subjectConditions(declared.subject, issuer, options, lookUpNumber);
  if (subject instanceof DomainError) return subject;
  const others = buildConditions(name, options);
  if (others instanceof DomainError) return others;
  return {
    name: ruleName(name, options),
    issuer,
    conditions: [...subject.conditions, ...others],
    byName: subject.byName,
  };
}

/** The options that say which runs of a repository or project a rule is for. */
export const RUN_OPTIONS = ["workflow", "branch", "tag", "environment"] as const;

export type RunOptions = Pick<RuleOptions, typeof RUN_OPTIONS[number]>;

/** The conditions that do not depend on the subject. */
export function buildConditions(
  name: ProviderName,
  options: RunOptions & Pick<RuleOptions, "conditions">,
): Condition[] | DomainError {
  const runs = runConditions(provider(name), options);
  if (runs instanceof DomainError) return runs;
  const further = parseConditions(options.conditions);
  return further instanceof DomainError ? further : [...runs, ...further];
}

function ruleName(provider: ProviderName, options: RuleOptions): string {
  const parts = [provider, options.subject, options.branch ?? options.tag ?? options.environment];
  const name = parts.filter((part) => part !== undefined).join(":");
  return name.replace(/[^\w.:/-]/g, "-").slice(0, 100);
}

function issuerOf(provider: Provider, options: RuleOptions): string | DomainError {
  const issuer = options.issuer ?? provider.issuer;
  if (issuer !== undefined) {
    if (isUsableIssuer(issuer)) return issuer;
    return invalid(
      "issuer",
      `"${issuer}" is not a valid issuer. Copy it from the iss claim of a token: an https URL ` +
        "without user, query and fragment, such as https://id.example.com.",
    );
  }
  return provider.issuerOf?.(options.subject ?? "") ?? invalid(
    "issuer",
    `The issuer of ${provider.title} depends on your installation. Name it, such as ` +
      "https://id.example.com.",
  );
}

async function subjectConditions(
  subject: Subject,
  issuer: string,
  options: RuleOptions,
  lookUpNumber: LookUpNumber,
): Promise<{ conditions: Condition[]; byName?: string } | DomainError> {
  if (options.subject?.trim() === "") {
    return invalid("subject", `The subject is empty. Write it as ${subject.form}.`);
  }
  const conditions = options.subject === undefined ? [] : subject.conditions(options.subject);
  if (conditions instanceof DomainError) return conditions;
  if (subject.number === undefined) return { conditions };
  if (options.repositoryId !== undefined && !/^[0-9]{1,20}$/.test(options.repositoryId)) {
    return invalid(
      "repositoryId",
      `"${options.repositoryId}" is not a valid number of a repository or project. Leave it out ` +
        "to have it looked up.",
    );
  }
  if (options.repositoryId !== undefined) {
    return { conditions: [numberCondition(subject.number.claim, options.repositoryId, options)] };
  }
  if (options.subject === undefined) return { conditions };
  if (options.subject.includes("*")) return { conditions };
  // Each name stays one segment of the path.
  const segments = options.subject.split("/").map(encodeURIComponent);
  const number = await lookUpNumber(subject.number.apiUrl(issuer, segments));
  return number === undefined
    ? { conditions, byName: options.subject }
    : { conditions: [numberCondition(subject.number.claim, number, options)] };
}

function numberCondition(claim: string, number: string, { subject }: RuleOptions): Condition {
  return { ...conditionOn(claim, number), ...subject !== undefined && { label: subject } };
}

/** Which claims say what workflow, branch, tag or environment a run is for. */
function runConditions(
  provider: Provider,
  options: RunOptions,
): Condition[] | DomainError {
  if (options.branch !== undefined && options.tag !== undefined) {
    return invalid(
      "branch",
      "A run is for a branch or for a tag, not for both. Add a rule for each.",
    );
  }
  const conditions: Condition[] = [];
  for (const field of RUN_OPTIONS) {
    const value = options[field];
    if (value === undefined) continue;
    if (value === "") return invalid(field, `The ${field} is empty. Name one, or leave it out.`);
    const conditionsOf = provider[field];
    if (conditionsOf === undefined) {
      return invalid(
        field,
        `Tokens of ${provider.title} have no claim for the ${field}. Use a condition instead.`,
      );
    }
    if (field === "workflow" && !/^[\w.*-]+$/.test(value)) {
      return invalid(
        field,
        `"${value}" is not a valid workflow file. Write its name without a path, like deploy.yml.`,
      );
    }
    conditions.push(...conditionsOf(value));
  }
  return conditions;
}

function parseConditions(texts: readonly string[]): Condition[] | DomainError {
  const conditions: Condition[] = [];
  for (const text of texts) {
    const [, claim, sign, value] = /^([^=~]+)([=~])(.+)$/s.exec(text) ?? [];
    if (claim === undefined) {
      return invalid(
        "conditions",
        `"${text}" is not a valid condition. Write claim=value, or claim~glob*.`,
      );
    }
    const operator = sign === "~" ? "glob" : "equals";
    const same = conditions.find((it) => it.claim === claim && it.operator === operator);
    if (same !== undefined) same.values.push(value);
    else conditions.push({ claim, operator, values: [value] });
  }
  return conditions;
}

function invalid(field: keyof RuleOptions, message: string): DomainError {
  return new DomainError("invalid", message, { field });
}
