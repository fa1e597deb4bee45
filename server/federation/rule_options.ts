import { DomainError } from "../domain_error.ts";
import { type RuleOptions, RUN_OPTIONS, type RunOptions } from "./build_rule.ts";
import { type Condition, conditionOn, sameConditions } from "./condition.ts";
import type { Provider } from "./provider.ts";
import { provider, type ProviderName } from "./providers.ts";

interface SplitConditions {
  /** On the claims that the subject and its number become conditions on. */
  workload: Condition[];
  /** As `buildRule` takes them. */
  run: RunOptions;
  further: Condition[];
}

/** A name that no workflow, branch, tag or environment has. */
const PLACEHOLDER = "\u0001";

/** Sorts the conditions of a rule by the option that each comes from. */
export function splitConditions(
  name: ProviderName,
  conditions: readonly Condition[],
): SplitConditions {
  const declared = provider(name);
  const run: SplitConditions["run"] = {};
  let rest = [...conditions];
  for (const field of RUN_OPTIONS) {
    // A rule is for a branch or for a tag.
    if (field === "tag" && run.branch !== undefined) continue;
    const taken = takeValue(declared[field]?.(PLACEHOLDER) ?? [], rest);
    if (taken === undefined) continue;
    run[field] = taken.value;
    rest = taken.rest;
  }
  const claims = subjectClaims(declared);
  return {
    workload: rest.filter(({ claim }) => claims.includes(claim)),
    run,
    further: rest.filter(({ claim }) => !claims.includes(claim)),
  };
}

/** The options that `buildRule` turns into this rule. */
export function toRuleOptions(
  name: ProviderName,
  { issuer, conditions }: { issuer: string; conditions: readonly Condition[] },
): RuleOptions {
  const declared = provider(name);
  const { workload, run, further } = splitConditions(name, conditions);
  const number = numberOf(declared, workload);
  const repositoryId = number?.values[0];
  const subject = number === undefined ? subjectOf(declared, issuer, workload) : number.label;
  const known = repositoryId !== undefined || subject !== undefined;
  return {
    ...run,
    subject,
    repositoryId,
    issuer: issuer === declared.issuer ? undefined : issuer,
    conditions: [...known ? [] : workload, ...further].flatMap(toLines),
  };
}

/** The text in the place of the placeholder, if the conditions of `template` are among `all`. */
function takeValue(
  template: readonly Condition[],
  all: readonly Condition[],
): { value: string; rest: Condition[] } | undefined {
  let value: string | undefined;
  const rest = [...all];
  for (const { claim, values: [pattern] } of template) {
    const index = rest.findIndex((it) => it.claim === claim && isOneValue(it));
    if (index < 0) return undefined;
    const [{ values: [text] }] = rest.splice(index, 1);
    const [start, end] = pattern.split(PLACEHOLDER);
    if (end === undefined) {
      if (text !== pattern) return undefined;
    } else if (
      text.startsWith(start) && text.endsWith(end) && text.length > start.length + end.length
    ) {
      value = text.slice(start.length, text.length - end.length);
    } else return undefined;
  }
  return value === undefined ? undefined : { value, rest };
}

/** Whether `conditionOn` writes the condition: a star that is not a wildcard has no option. */
function isOneValue({ claim, operator, values }: Condition): boolean {
  return values.length === 1 && conditionOn(claim, values[0]).operator === operator;
}

function subjectClaims({ subject }: Provider): string[] {
  const conditions = subject.conditions(subject.example);
  const claims = conditions instanceof DomainError ? [] : conditions.map(({ claim }) => claim);
  return subject.number === undefined ? claims : [...claims, subject.number.claim];
}

function numberOf({ subject }: Provider, workload: readonly Condition[]): Condition | undefined {
  const [condition, ...others] = workload;
  const isNumber = others.length === 0 && condition !== undefined &&
    condition.claim === subject.number?.claim && condition.operator === "equals" &&
    condition.values.length === 1;
  return isNumber ? condition : undefined;
}

/** The subject that becomes exactly these conditions, or the issuer where it says the customer. */
function subjectOf(
  { subject, issuerOf }: Provider,
  issuer: string,
  workload: readonly Condition[],
): string | undefined {
  if (issuerOf !== undefined) {
    const customer = issuer.split("/").at(-1)!;
    return issuerOf(customer) === issuer ? customer : undefined;
  }
  if (workload.length === 0) return undefined;
  const joined = workload.map(({ values }) => values[0]).join("/");
  // As Kubernetes has it: system:serviceaccount:NAMESPACE:NAME.
  const candidates = [joined, joined.split(":").slice(-2).join("/")];
  return candidates.find((candidate) => {
    const conditions = subject.conditions(candidate);
    return !(conditions instanceof DomainError) && sameConditions(conditions, workload);
  });
}

/** As `buildRule` parses it: a claim that is named again may be either. */
function toLines({ claim, operator, values }: Condition): string[] {
  return values.map((value) => `${claim}${operator === "glob" ? "~" : "="}${value}`);
}
