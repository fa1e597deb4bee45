import { type Condition, holds } from "./condition.ts";
import { provider, type ProviderName, providers } from "./providers.ts";

/**
 * Why a rule would let strangers in, in sentences; empty if it would not. An
 * operator who knows better can insist.
 */
export function dangers(
  rule: { provider: ProviderName; issuer: string; conditions: readonly Condition[] },
): string[] {
  const found: string[] = [];
  // An issuer with many customers stays one, whatever template the rule was made from.
  const name = sharedIssuer(rule.issuer) ?? rule.provider;
  const { owners, title } = provider(name);
  if (rule.conditions.length === 0) {
    found.push("It has no condition, so every token of the issuer would pass.");
  } else if (owners.length > 0 && !rule.conditions.some((one) => pinsOwner(one, owners))) {
    found.push(
      `It names no owner, so every customer of ${title} would pass. ` +
        `Pin one of ${owners.join(", ")} to a value.`,
    );
  }
  for (const condition of rule.conditions) {
    for (const value of condition.values) {
      if (condition.operator === "glob" && /^\**$/.test(value)) {
        found.push(`The condition on ${condition.claim} matches anything.`);
      }
    }
  }
  if (name === "github" || name === "github-enterprise") {
    found.push(...pullRequestDangers(rule.conditions));
  }
  if (name.startsWith("gitlab") && !narrowsGitlab(rule.conditions)) {
    found.push(
      "It names no branch, tag or environment, so anybody who may push a branch would pass. " +
        "Name one, or add a condition on ref_protected.",
    );
  }
  return found;
}

/** The provider whose customers all have this issuer, if it is one. */
function sharedIssuer(issuer: string): ProviderName | undefined {
  return (Object.keys(providers) as ProviderName[]).find((name) =>
    provider(name).issuer === issuer
  );
}

/** A condition pins an owner if no value leaves the owner open. */
function pinsOwner({ claim, operator, values }: Condition, owners: readonly string[]): boolean {
  if (!owners.includes(claim)) return false;
  if (operator === "equals") return true;
  // Up to the owner's part nothing may be open: repo:acme/… pins, repo:*/… and acme* do not.
  return values.every((value) => {
    const fixed = value.slice(0, value.indexOf("*") < 0 ? value.length : value.indexOf("*"));
    return claim === "sub" ? /^[\w-]+:[^:/*]+[:/]/.test(fixed) : /^[^/]+\//.test(fixed);
  });
}

/** Pull requests carry strangers' code: a rule must say where a run may come from. */
function pullRequestDangers(conditions: readonly Condition[]): string[] {
  const narrowing = conditions.filter(({ claim }) =>
    ["ref", "environment", "job_workflow_ref", "sub"].includes(claim)
  );
  if (narrowing.length === 0) {
    return [
      "It names no branch, tag, environment or workflow, so runs for pull requests would pass, " +
      "which may hold strangers' code. Name one.",
    ];
  }
  return conditions.some(namesPullRequests) || narrowing.every(admitsPullRequests)
    ? ["It admits pull requests, which may come from forks and hold strangers' code."]
    : [];
}

function namesPullRequests({ claim, values }: Condition): boolean {
  return values.some((value) =>
    (claim === "event_name" && value.startsWith("pull_request")) ||
    (claim === "ref" && value.startsWith("refs/pull")) ||
    (claim === "sub" && value.endsWith(":pull_request"))
  );
}

/** Whether the condition holds for some pull request's run, as GitHub describes it. */
function admitsPullRequests(condition: Condition): boolean {
  if (condition.claim === "ref") return holds(condition, { ref: "refs/pull/7/merge" });
  if (condition.claim !== "sub") return false;
  return condition.values.some((value) => {
    // repo:OWNER/NAME:pull_request, of a repository that the value lets in.
    const [kind, repository = ""] = value.replaceAll(/\*+/g, "x").split(":");
    return holds({ ...condition, values: [value] }, { sub: `${kind}:${repository}:pull_request` });
  });
}

function narrowsGitlab(conditions: readonly Condition[]): boolean {
  const narrowing = ["ref", "ref_protected", "environment", "environment_protected", "sub"];
  return conditions.some(({ claim }) => narrowing.includes(claim));
}
