import type { Condition } from "./condition.ts";
import { globsOverlap } from "./glob.ts";
import { fixedParts, pinsOwner } from "./owner_claims.ts";
import { provider, type ProviderName, providers } from "./providers.ts";

interface JudgedRule {
  provider: ProviderName;
  issuer: string;
  conditions: readonly Condition[];
}

/**
 * Why a rule would let workloads of others in, in sentences; empty if it would not. An
 * operator who knows better can insist.
 */
export function dangers(rule: JudgedRule): string[] {
  // An issuer with many customers stays one, whatever template the rule was made from.
  const name = sharedIssuer(rule.issuer) ?? rule.provider;
  const found = ownerDangers(name, rule);
  for (const condition of rule.conditions) {
    if (condition.operator === "glob" && condition.values.some((value) => /^\*+$/.test(value))) {
      found.push(`The condition on ${condition.claim} matches anything.`);
    }
  }
  if (name === "github" || name === "github-enterprise") {
    found.push(...pullRequestDangers(rule.conditions));
  }
  if (name.startsWith("gitlab") && !rule.conditions.some(narrowsGitlab)) {
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

function ownerDangers(name: ProviderName, { issuer, conditions }: JudgedRule): string[] {
  if (conditions.length === 0) {
    return ["It has no condition, so every token of the issuer would pass."];
  }
  const { owners, ownIssuers, title } = provider(name);
  if (conditions.some((condition) => pinsOwner(condition, owners))) return [];
  const claims = Object.keys(owners);
  if (claims.length > 0 && !ownIssuers?.test(issuer)) {
    return [
      `It names no owner, so every customer of ${title} would pass. Pin one of ` +
      `${claims.join(", ")} to a value${
        "sub" in owners
          ? "; sub counts only if it begins with the owner as the provider writes it"
          : ""
      }.`,
    ];
  }
  // The issuer is one customer's, but a subject may hold text that others choose (a branch's name).
  const counts = conditions.some((condition) =>
    condition.values.every((value) => isAnchored(condition, value)) &&
    !(condition.claim === "sub" && claims.includes("sub"))
  );
  return counts
    ? []
    : ["Its conditions leave open how the value begins, so it names nobody. Name one."];
}

function isAnchored(condition: Condition, value: string): boolean {
  const { start, exact } = fixedParts(condition, value);
  return exact || start !== "";
}

/**
 * Subjects of runs for pull requests, as globs: the documented form, and those of repositories
 * that chose other parts for theirs.
 */
const PULL_REQUEST_SUBJECTS = [
  ...["repo:*/*", "repository:*/*", "repository_owner:*", "repository_owner_id:*"],
  "repository_id:*",
].flatMap((owner) => [`${owner}:pull_request`, `${owner}:ref:refs/pull/*/*`]);
const PULL_REQUEST_REF = "refs/pull/*/*";

/** Pull requests carry code of others: a rule must say where a run may come from. */
function pullRequestDangers(conditions: readonly Condition[]): string[] {
  const narrowing = conditions.filter(({ claim }) =>
    ["ref", "environment", "job_workflow_ref", "workflow_ref", "sub"].includes(claim)
  );
  if (narrowing.length === 0) {
    return [
      "It names no branch, tag, environment or workflow, so runs for pull requests would pass, " +
      "which may hold the code of others. Name one.",
    ];
  }
  return conditions.some(namesPullRequests) || narrowing.every(admitsPullRequests)
    ? ["It admits pull requests, which may come from forks and hold the code of others."]
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
function admitsPullRequests({ claim, operator, values }: Condition): boolean {
  return values.some((value) => {
    const matchesSome = (pattern: string) =>
      operator === "glob"
        ? globsOverlap(value, pattern)
        : !value.includes("*") && globsOverlap(value, pattern);
    switch (claim) {
      case "ref":
        return matchesSome(PULL_REQUEST_REF);
      case "sub":
        return !/(?:^|:)(?:ref|environment|job_workflow_ref):[^:*]/.test(value) ||
          PULL_REQUEST_SUBJECTS.some(matchesSome);
      case "workflow_ref":
        return matchesSome(`**@${PULL_REQUEST_REF}`);
      case "job_workflow_ref":
        // A pull request may call any public workflow, whose owner then says at which ref.
        return !/^[^/*]+\//.test(value) || matchesSome(`**@${PULL_REQUEST_REF}`);
      default:
        return false;
    }
  });
}

/** Whether the condition tells some branches, tags or environments of a project from others. */
function narrowsGitlab({ claim, operator, values }: Condition): boolean {
  return values.every((value) => {
    if (operator === "glob" && /^\*+$/.test(value)) return false;
    switch (claim) {
      case "ref":
      case "environment":
        return true;
      case "ref_protected":
      case "environment_protected":
        return value === "true";
      case "sub":
        return /:ref:(?!\*+$)./.test(value);
      default:
        return false;
    }
  });
}
