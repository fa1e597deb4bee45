import { missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import { type Claims, type Condition, isMet } from "./condition.ts";
import type { TrustRule } from "./trust_rule.ts";

/** How one rule judged a token. */
export interface RuleMatch {
  rule: TrustRule;
  failed: Condition[];
  /** Why a rule whose conditions hold does not apply all the same. */
  obstacle?: string;
}

/** Judges `claims` by each rule; those that match come first, then the nearest. */
export function judge(
  rules: readonly TrustRule[],
  claims: Claims,
  request: { scope?: string; now: Date },
): RuleMatch[] {
  return rules
    .map((rule) => ({
      rule,
      failed: rule.conditions.filter((condition) => !isMet(condition, claims)),
      obstacle: obstacle(rule, claims, request),
    }))
    .sort((a, b) => distance(a) - distance(b));
}

/** Whether a judgement lets the token pass. */
export function passes({ failed, obstacle }: RuleMatch): boolean {
  return failed.length === 0 && obstacle === undefined;
}

function distance(judgement: RuleMatch): number {
  return judgement.failed.length + (judgement.obstacle === undefined ? 0 : 0.5);
}

function obstacle(
  rule: TrustRule,
  claims: Claims,
  { scope, now }: { scope?: string; now: Date },
): string | undefined {
  const audiences = [claims.aud].flat();
  if (!audiences.includes(rule.audience)) return `the audience must be ${rule.audience}`;
  if (rule.enabledUntil !== undefined && rule.enabledUntil <= now) {
    return `the rule ended on ${rule.enabledUntil.toISOString()}`;
  }
  const missing = missingScopes(parseScope(scope ?? "") ?? [], parseScope(rule.scope) ?? []);
  return missing.length > 0 ? `the rule does not grant ${missing.join(" ")}` : undefined;
}
