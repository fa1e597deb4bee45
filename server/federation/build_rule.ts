import type { FormHints } from "../form_hints.ts";
import type { Condition } from "./condition.ts";
import { isUsableIssuer } from "./issuer.ts";
import { provider, type ProviderName } from "./providers.ts";

/** What an operator says of the workloads to trust. */
export interface RuleOptions {
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
  /** What the operator should know, in sentences for the command line. */
  notes: string[];
  /** The repository or project that is trusted by its name, since its number is unknown. */
  byName?: string;
}

/** The wishes do not make a rule; `message` says what is missing. */
export class RuleDraftError extends Error {
  override readonly name = "RuleDraftError";
  constructor(message: string, readonly hints: FormHints) {
    super(message);
  }
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
  wishes: RuleOptions,
  lookUpId: LookUpId,
): Promise<RuleDraft> {
  const issuer = issuerFor(name, wishes);
  const { conditions: subject, byName } = await subjectConditions(name, issuer, wishes, lookUpId);
  const conditions = [
    ...subject,
    ...placeConditions(name, wishes),
    ...furtherConditions(wishes.conditions),
  ];
  const parts = [name, wishes.subject, wishes.branch ?? wishes.tag ?? wishes.environment];
  const ruleName = parts.filter((part) => part !== undefined).join(":").replace(/[^\w.:/-]/g, "-");
  const notes = byName === undefined ? [] : [
    `The number of ${byName} could not be looked up, so the rule trusts the name, which another ` +
    "owner may take over if it is given up. Better: --repository-id NUMBER.",
  ];
  return { name: ruleName.slice(0, 100), issuer, conditions, notes, byName };
}

function issuerFor(name: ProviderName, { issuer, subject }: RuleOptions): string {
  const known = issuer ?? provider(name).issuer;
  if (known !== undefined) {
    if (isUsableIssuer(known)) return known;
    throw new RuleDraftError(
      `"${known}" is not a valid issuer; write it as the token's iss has it, like https://id.example.com, without user, query and fragment`,
      { fields: ["issuer"] },
    );
  }
  if (name === "circleci" && subject !== undefined && /^[0-9a-f-]{36}$/i.test(subject)) {
    return `https://oidc.circleci.com/org/${subject}`;
  }
  const why = `${provider(name).title} has an issuer of its own for each installation`;
  throw new RuleDraftError(`${why}: name the issuer (--issuer https://…)`, {
    fields: ["issuer"],
    onPage: `${why}. Enter it, like https://id.example.com.`,
  });
}

function equals(claim: string, value: string): Condition {
  return { claim, operator: value.includes("*") ? "glob" : "equals", values: [value] };
}

async function subjectConditions(
  name: ProviderName,
  issuer: string,
  { subject, repositoryId }: RuleOptions,
  lookUpId: LookUpId,
): Promise<{ conditions: Condition[]; byName?: string }> {
  if (subject === undefined) return { conditions: [] };
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
        throw new RuleDraftError(`"${subject}" is no repository; write it like acme/api`, {
          fields: ["subject"],
        });
      }
      if (repositoryId !== undefined && !/^[0-9]{1,20}$/.test(repositoryId)) {
        throw new RuleDraftError(
          `"${repositoryId}" is not a valid number of a repository or project; ` +
            `leave it out to have it looked up`,
          { fields: ["repository_id"] },
        );
      }
      const wildcard = subject.includes("*");
      const id = repositoryId ?? (wildcard ? undefined : await lookUpId(name, issuer, subject));
      if (id !== undefined) return { conditions: [equals(idClaim, id)] };
      return {
        conditions: [equals(nameClaim, subject)],
        byName: wildcard ? undefined : subject,
      };
    }
    case "buildkite": {
      const [organization, pipeline] = subject.split("/");
      return {
        conditions: [
          equals("organization_slug", organization),
          ...pipeline ? [equals("pipeline_slug", pipeline)] : [],
        ],
      };
    }
    case "circleci":
      return { conditions: [] };
    case "bitbucket":
      return { conditions: [equals("repositoryUuid", subject)] };
    case "google":
      return { conditions: [equals(/^\d+$/.test(subject) ? "sub" : "email", subject)] };
    case "azure":
      return { conditions: [equals("oid", subject)] };
    case "kubernetes": {
      const [namespace, account, more] = subject.split("/");
      if (!namespace || !account || more !== undefined) {
        throw new RuleDraftError(`"${subject}" is no service account; write it namespace/name`, {
          fields: ["subject"],
        });
      }
      const sub = `system:serviceaccount:${namespace}:${account}`;
      return { conditions: [equals("sub", sub)] };
    }
    case "generic":
      return { conditions: [equals("sub", subject)] };
  }
}

/** Which claim says what branch, tag or environment a run is for. */
function placeConditions(
  name: ProviderName,
  { branch, tag, environment }: RuleOptions,
): Condition[] {
  if (branch !== undefined && tag !== undefined) {
    throw new RuleDraftError("a run is for a branch or for a tag: make a rule for each", {
      fields: ["branch", "tag"],
    });
  }
  const conditions: Condition[] = [];
  const ref = branch !== undefined
    ? `refs/heads/${branch}`
    : tag !== undefined
    ? `refs/tags/${tag}`
    : undefined;
  const unknown = (field: "branch" | "tag" | "environment") => {
    const { title } = provider(name);
    return new RuleDraftError(`${title} has no claim for --${field}; use --condition`, {
      fields: [field],
      onPage: `${title} has no claim for the ${field}. Leave it empty, and write a further ` +
        "condition instead.",
    });
  };
  if (ref !== undefined) {
    if (name.startsWith("github")) conditions.push(equals("ref", ref));
    else if (name.startsWith("gitlab")) {
      conditions.push(equals("ref_type", branch !== undefined ? "branch" : "tag"));
      conditions.push(equals("ref", branch ?? tag!));
    } else if (name === "circleci") conditions.push(equals("oidc.circleci.com/vcs-ref", ref));
    else if (name === "buildkite" && branch) conditions.push(equals("build_branch", branch));
    else if (name === "bitbucket" && branch) conditions.push(equals("branchName", branch));
    else throw unknown(branch !== undefined ? "branch" : "tag");
  }
  if (environment !== undefined) {
    if (name.startsWith("git")) conditions.push(equals("environment", environment));
    else if (name === "bitbucket") {
      conditions.push(equals("deploymentEnvironmentUuid", environment));
    } else throw unknown("environment");
  }
  return conditions;
}

function furtherConditions(texts: readonly string[]): Condition[] {
  const conditions: Condition[] = [];
  for (const text of texts) {
    const match = /^([^=~]+)([=~])(.+)$/s.exec(text);
    if (match === null) {
      throw new RuleDraftError(`"${text}" is no condition; write claim=value or claim~glob*`, {
        fields: ["conditions"],
      });
    }
    const [, claim, sign, value] = match;
    const operator = sign === "~" ? "glob" : "equals";
    const same = conditions.find((one) => one.claim === claim && one.operator === operator);
    if (same !== undefined) same.values.push(value);
    else conditions.push({ claim, operator, values: [value] });
  }
  return conditions;
}
