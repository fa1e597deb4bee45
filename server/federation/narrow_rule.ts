import { createHash } from "node:crypto";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { DomainError } from "../domain_error.ts";
import { buildRule, type RuleDraft, type RuleOptions } from "./build_rule.ts";
import { type Claims, claimValues, isMet } from "./condition.ts";
import { provider, type ProviderName } from "./providers.ts";

/** A workload whose token was verified. */
export interface SeenWorkload {
  provider: ProviderName;
  issuer: string;
  audience: string;
  /** As recordedClaims returns them. */
  claims: Claims;
}

/**
 * The narrowest rule that trusts this workload: its ids, branch, environment and workflow, as far as
 * the token has them. Undefined if its claims do not identify it.
 */
export async function narrowestRule(workload: SeenWorkload): Promise<RuleDraft | undefined> {
  const { issuer, claims } = workload;
  const declared = provider(workload.provider);
  const claim = (name: string) => {
    const values = claimValues(claims, name);
    return values.length === 1 && values[0] !== "" ? values[0] : undefined;
  };
  const { conditions = [], ...read } = declared.workloadOf?.(claim) ?? { subject: claim("sub") };
  const options: RuleOptions = {
    ...read,
    issuer,
    conditions: conditions.filter((condition) => condition !== undefined),
  };
  // In an option, a star would be a pattern.
  if (Object.values(read).some((value) => value?.includes("*"))) return undefined;
  const draft = await buildRule(workload.provider, options, () => Promise.resolve(undefined));
  if (draft instanceof DomainError || draft.conditions.length === 0) return undefined;
  const isExact = draft.conditions.every((condition) =>
    isMet(condition, claims) && condition.values.every(isShownAsItIs)
  );
  return isExact ? draft : undefined;
}

/** An administrator approves what is shown: no value may look like another one. */
function isShownAsItIs(value: string): boolean {
  return sanitizeLine(value, value.length) === value;
}

/** The same for each run of a workload, as far as its rule does not distinguish them. */
export function workloadHash(
  { issuer, audience }: Pick<SeenWorkload, "issuer" | "audience">,
  { conditions }: RuleDraft,
): Uint8Array {
  const decisive = conditions.map(({ claim, operator, values }) => [claim, operator, values]);
  return createHash("sha256").update(JSON.stringify([issuer, audience, decisive])).digest();
}
