import { type Claims, claimValues } from "./condition.ts";
import { provider } from "./providers.ts";
import type { TrustRule } from "./trust_rule.ts";

/** In characters. A longer value is left out: a part of it would match other rules. */
const MAX_VALUE_LENGTH = 500;
const MAX_VALUES = 20;
const MAX_CLAIMS = 40;

/**
 * The claims of a rejected token that rules can be tested with afterwards, as JSON: those that the
 * provider documents, and those that the rules of its issuer name. A claim within an object has its
 * path as the name. The token itself is not recorded.
 */
export function recordedClaims(
  rules: readonly Pick<TrustRule, "provider" | "conditions">[],
  claims: Claims,
): string {
  const names = new Set(["sub", "aud"]);
  for (const rule of rules) {
    for (const { claim } of rule.conditions) names.add(claim);
  }
  for (const declared of new Set(rules.map(({ provider: name }) => provider(name)))) {
    for (const { claim } of declared.claims) names.add(claim);
    for (const claim of [...Object.keys(declared.ownerClaims), ...declared.runClaims]) {
      names.add(claim);
    }
  }
  const recorded: Record<string, string | string[]> = {};
  for (const name of names) {
    if (Object.keys(recorded).length >= MAX_CLAIMS) break;
    const values = claimValues(claims, name);
    const fits = values.length <= MAX_VALUES &&
      values.every((value) => value.length <= MAX_VALUE_LENGTH && isStorable(value));
    if (values.length === 0 || !fits) continue;
    recorded[name] = values.length === 1 ? values[0] : values;
  }
  return JSON.stringify(recorded);
}

/** Whether PostgreSQL accepts it. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** What `recordedClaims` returned; undefined if it is not that. */
export function parseRecordedClaims(text: unknown): Claims | undefined {
  if (typeof text !== "string") return undefined;
  const value = JSON.parse(text);
  return typeof value === "object" && value !== null ? value : undefined;
}
