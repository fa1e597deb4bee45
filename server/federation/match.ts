import { formatTime } from "../../shared/format_time.ts";
import { listText } from "../../shared/list_text.ts";
import { missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import { type Claims, claimValues, type Condition, isMet } from "./condition.ts";
import type { TrustRule } from "./trust_rule.ts";

/** Why a rule does not match a token. */
export interface Mismatch {
  code: "condition" | "audience" | "rule_expired" | "rule_disabled" | "scope";
  /** As the end of a sentence: `ref must be refs/heads/main`. */
  message: string;
}

/** How one condition compares with a token. */
export interface ConditionCheck {
  condition: Condition;
  isMet: boolean;
  /** What the token has; empty if it does not have the claim. */
  values: string[];
}

/** How one rule compares with a token. */
export interface RuleMatch {
  rule: TrustRule;
  checks: ConditionCheck[];
  /** Empty if the rule matches. */
  mismatches: Mismatch[];
}

/** Compares `claims` with each rule: those that match come first, then the closest. */
export function matchRules(
  rules: readonly TrustRule[],
  claims: Claims,
  request: { scope?: string; now: Date },
): RuleMatch[] {
  return rules
    .map((rule) => matchRule(rule, claims, request))
    .sort((a, b) => distance(a) - distance(b));
}

function matchRule(
  rule: TrustRule,
  claims: Claims,
  request: { scope?: string; now: Date },
): RuleMatch {
  const checks = rule.conditions.map((condition): ConditionCheck => ({
    condition,
    isMet: isMet(condition, claims),
    values: claimValues(claims, condition.claim),
  }));
  const failed = checks.filter(({ isMet }) => !isMet);
  const other = ruleMismatch(rule, claims, request);
  const mismatches = [
    ...failed.map(({ condition }): Mismatch => ({
      code: "condition",
      message: describeRequirement(condition),
    })),
    ...other === undefined ? [] : [other],
  ];
  return { rule, checks, mismatches };
}

export function isMatch({ mismatches }: RuleMatch): boolean {
  return mismatches.length === 0;
}

/** A rule whose conditions are met is closer than any other. */
function distance({ mismatches }: RuleMatch): number {
  return mismatches.reduce((sum, { code }) => sum + (code === "condition" ? 1 : 0.5), 0);
}

function describeRequirement({ claim, operator, values }: Condition): string {
  return `${claim} must ${operator === "glob" ? "match" : "be"} ${
    listText(values, "absent", " or ")
  }`;
}

/** What besides its conditions keeps the rule from matching. */
function ruleMismatch(
  rule: TrustRule,
  claims: Claims,
  { scope, now }: { scope?: string; now: Date },
): Mismatch | undefined {
  if (![claims.aud].flat().includes(rule.audience)) {
    return { code: "audience", message: `the audience must be ${rule.audience}` };
  }
  if (rule.disabledAt !== undefined) {
    return { code: "rule_disabled", message: "the rule is disabled" };
  }
  if (rule.enabledUntil !== undefined && rule.enabledUntil <= now) {
    const message = `the rule expired on ${formatTime(rule.enabledUntil.getTime(), "UTC")}`;
    return { code: "rule_expired", message };
  }
  const missing = missingScopes(parseScope(scope ?? "") ?? [], parseScope(rule.scope) ?? []);
  return missing.length === 0
    ? undefined
    : { code: "scope", message: `the rule does not grant ${listText(missing, "the scope")}` };
}
