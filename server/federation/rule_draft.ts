import type { Condition } from "./condition.ts";
import { provider, type ProviderName } from "./providers.ts";

/** What an operator says of the workloads to trust. */
export interface RuleWishes {
  /** In the provider's terms: owner/repository, namespace/name, … */
  subject?: string;
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
  /** What the operator should know, in sentences. */
  notes: string[];
}

/** The wishes do not make a rule; `message` says what is missing. */
export class RuleDraftError extends Error {
  override readonly name = "RuleDraftError";
}

/**
 * Looks a repository's or project's unchanging number up at its provider.
 * Undefined if it cannot be had: private, offline, or unknown.
 */
export type LookUpId = (provider: ProviderName, issuer: string, subject: string) => Promise<
  string | undefined
>;

/** Turns wishes into issuer and conditions. Throws RuleDraftError. */
export async function draftRule(
  name: ProviderName,
  wishes: RuleWishes,
  lookUpId: LookUpId,
): Promise<RuleDraft> {
  const issuer = issuerFor(name, wishes);
  const notes: string[] = [];
  const conditions = [
    ...await subjectConditions(name, issuer, wishes, lookUpId, notes),
    ...placeConditions(name, wishes),
    ...furtherConditions(wishes.conditions),
  ];
  const parts = [name, wishes.subject, wishes.branch ?? wishes.tag ?? wishes.environment];
  const ruleName = parts.filter((part) => part !== undefined).join(":").replace(/[^\w.:/-]/g, "-");
  return { name: ruleName.slice(0, 100), issuer, conditions, notes };
}

function issuerFor(name: ProviderName, { issuer, subject }: RuleWishes): string {
  const known = issuer ?? provider(name).issuer;
  if (known !== undefined) {
    if (URL.canParse(known) && /^https?:$/.test(new URL(known).protocol)) return known;
    throw new RuleDraftError(
      `"${known}" is not a valid issuer; write it as the token's iss has it, like https://id.example.com`,
    );
  }
  if (name === "circleci" && subject !== undefined && /^[0-9a-f-]{36}$/i.test(subject)) {
    return `https://oidc.circleci.com/org/${subject}`;
  }
  throw new RuleDraftError(
    `${provider(name).title} has an issuer of its own for each installation: ` +
      "name the issuer (--issuer https://…)",
  );
}

function equals(claim: string, value: string): Condition {
  return { claim, operator: value.includes("*") ? "glob" : "equals", values: [value] };
}

async function subjectConditions(
  name: ProviderName,
  issuer: string,
  { subject, repositoryId }: RuleWishes,
  lookUpId: LookUpId,
  notes: string[],
): Promise<Condition[]> {
  if (subject === undefined) return [];
  switch (name) {
    case "github":
    case "github-enterprise":
    case "gitlab":
    case "gitlab-self-managed": {
      const [idClaim, nameClaim] = name.startsWith("github")
        ? ["repository_id", "repository"]
        : ["project_id", "project_path"];
      // A segment of dots only would lead elsewhere in a URL.
      if (!/^[\w.*-]+(\/[\w.*-]+)+$/.test(subject) || /(^|\/)\.+(\/|$)/.test(subject)) {
        throw new RuleDraftError(`"${subject}" is no repository; write it like acme/api`);
      }
      const wildcard = subject.includes("*");
      const id = repositoryId ?? (wildcard ? undefined : await lookUpId(name, issuer, subject));
      if (id !== undefined) return [equals(idClaim, id)];
      if (!wildcard) {
        notes.push(
          `The number of ${subject} could not be looked up, so the rule trusts the name, which ` +
            "another owner may take over if it is given up. Better: --repository-id NUMBER.",
        );
      }
      return [equals(nameClaim, subject)];
    }
    case "buildkite": {
      const [organization, pipeline] = subject.split("/");
      return [
        equals("organization_slug", organization),
        ...pipeline ? [equals("pipeline_slug", pipeline)] : [],
      ];
    }
    case "circleci":
      return [];
    case "bitbucket":
      return [equals("repositoryUuid", subject)];
    case "google":
      return [equals(/^\d+$/.test(subject) ? "sub" : "email", subject)];
    case "azure":
      return [equals("oid", subject)];
    case "kubernetes": {
      const [namespace, account, more] = subject.split("/");
      if (!namespace || !account || more !== undefined) {
        throw new RuleDraftError(`"${subject}" is no service account; write it namespace/name`);
      }
      return [equals("sub", `system:serviceaccount:${namespace}:${account}`)];
    }
    case "generic":
      return [equals("sub", subject)];
  }
}

/** Which claim says what branch, tag or environment a run is for. */
function placeConditions(
  name: ProviderName,
  { branch, tag, environment }: RuleWishes,
): Condition[] {
  if (branch !== undefined && tag !== undefined) {
    throw new RuleDraftError("a run is for a branch or for a tag: make a rule for each");
  }
  const conditions: Condition[] = [];
  const ref = branch !== undefined
    ? `refs/heads/${branch}`
    : tag !== undefined
    ? `refs/tags/${tag}`
    : undefined;
  const unknown = (flag: string) =>
    new RuleDraftError(`${provider(name).title} has no claim for ${flag}; use --condition`);
  if (ref !== undefined) {
    if (name.startsWith("github")) conditions.push(equals("ref", ref));
    else if (name.startsWith("gitlab")) {
      conditions.push(equals("ref_type", branch !== undefined ? "branch" : "tag"));
      conditions.push(equals("ref", branch ?? tag!));
    } else if (name === "circleci") conditions.push(equals("oidc.circleci.com/vcs-ref", ref));
    else if (name === "buildkite" && branch) conditions.push(equals("build_branch", branch));
    else if (name === "bitbucket" && branch) conditions.push(equals("branchName", branch));
    else throw unknown(branch !== undefined ? "--branch" : "--tag");
  }
  if (environment !== undefined) {
    if (name.startsWith("git")) conditions.push(equals("environment", environment));
    else if (name === "bitbucket") {
      conditions.push(equals("deploymentEnvironmentUuid", environment));
    } else throw unknown("--environment");
  }
  return conditions;
}

function furtherConditions(texts: readonly string[]): Condition[] {
  const conditions: Condition[] = [];
  for (const text of texts) {
    const match = /^([^=~]+)([=~])(.+)$/s.exec(text);
    if (match === null) {
      throw new RuleDraftError(`"${text}" is no condition; write claim=value or claim~glob*`);
    }
    const [, claim, sign, value] = match;
    const operator = sign === "~" ? "glob" : "equals";
    const same = conditions.find((one) => one.claim === claim && one.operator === operator);
    if (same !== undefined) same.values.push(value);
    else conditions.push({ claim, operator, values: [value] });
  }
  return conditions;
}
