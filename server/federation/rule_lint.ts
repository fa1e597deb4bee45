import type { Condition } from "./condition.ts";
import { fixedParts, pinsOwner } from "./owner_claims.ts";
import type { Provider } from "./provider.ts";
import { provider, type ProviderName, providers } from "./providers.ts";
import type { RuleRisk } from "./rule_risk.ts";

interface RuleToCheck {
  provider: ProviderName;
  issuer: string;
  conditions: readonly Condition[];
}

/** Why a rule would trust workloads of others; empty if it would not. Operators can insist. */
export function findRuleRisks({ issuer, conditions, ...rule }: RuleToCheck): RuleRisk[] {
  // An issuer with many customers stays one, whatever provider the rule names.
  const declared = providerOfIssuer(issuer) ?? provider(rule.provider);
  return [
    ...ownerRisks(declared, issuer, conditions),
    ...conditions.filter(matchesAnything).map(({ claim }): RuleRisk => ({
      code: "matches_anything",
      message: `The condition on ${claim} matches anything.`,
    })),
    ...declared.risks?.(conditions) ?? [],
  ];
}

/** The provider whose customers all have this issuer, if there is one. */
function providerOfIssuer(issuer: string): Provider | undefined {
  return providers.find((provider) => provider.issuer === issuer);
}

function matchesAnything({ operator, values }: Condition): boolean {
  return operator === "glob" && values.some((value) => /^\*+$/.test(value));
}

function ownerRisks(
  { title, ownerClaims, singleCustomerIssuers }: Provider,
  issuer: string,
  conditions: readonly Condition[],
): RuleRisk[] {
  if (conditions.length === 0) {
    const message = "It has no condition, so every token of the issuer matches.";
    return [{ code: "no_condition", message }];
  }
  if (conditions.some((condition) => pinsOwner(condition, ownerClaims))) return [];
  const claims = Object.keys(ownerClaims);
  if (claims.length > 0 && !singleCustomerIssuers?.test(issuer)) {
    const subClause = "sub" in ownerClaims
      ? " A condition on sub counts only if it starts with the owner as the provider writes it."
      : "";
    return [{
      code: "no_owner",
      message: `It names no owner, so every customer of ${title} matches. Add a condition with a ` +
        `fixed value for one of ${claims.join(", ")}.${subClause}`,
    }];
  }
  // The issuer is one customer's, but a subject may hold text that others choose (a branch's name).
  const isPinned = conditions.some((condition) =>
    condition.values.every((value) => hasFixedStart(condition, value)) &&
    !(condition.claim === "sub" && claims.includes("sub"))
  );
  return isPinned ? [] : [{
    code: "no_fixed_start",
    message: "None of its conditions fixes how the value starts, so anyone can choose a value " +
      "that matches. Add a condition with a fixed value.",
  }];
}

function hasFixedStart(condition: Condition, value: string): boolean {
  const { start, exact } = fixedParts(condition, value);
  return exact || start !== "";
}
