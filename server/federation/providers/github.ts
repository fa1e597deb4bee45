import { type Condition, conditionOn } from "../condition.ts";
import { globsOverlap } from "../glob.ts";
import { exact, startsWith } from "../owner_claims.ts";
import { pinned, refOptions } from "../workload_options.ts";
import type { Provider } from "../provider.ts";
import { repositoryConditions } from "../repository_path.ts";
import type { RuleRisk } from "../rule_risk.ts";

export const github = {
  name: "github",
  title: "GitHub Actions",
  workloads: "GitHub Actions, github.com and GHES",
  guide: "github.md",
  documentation: "https://docs.github.com/actions/reference/openid-connect-reference",
  example: "acme/api --branch main --scope deploy",
  issuer: "https://token.actions.githubusercontent.com",
  claims: [
    { claim: "repository_id", description: "the repository's number, which no rename changes" },
    { claim: "repository_owner_id", description: "the owner's number, which no rename changes" },
    { claim: "repository", description: "owner/name; a new owner may take over an abandoned name" },
    { claim: "ref", description: "refs/heads/main, refs/tags/v1, refs/pull/7/merge" },
    { claim: "environment", description: "the job's environment, whose rules GitHub enforces" },
    { claim: "job_workflow_ref", description: "the reusable workflow that runs, with its ref" },
    { claim: "event_name", description: "what started the run: push, pull_request, …" },
    { claim: "sub", description: "a summary whose form depends on the job and the repository" },
  ],
  ownerClaims: {
    repository_id: exact,
    repository_owner_id: exact,
    repository: startsWith(/^[^/]+\//),
    repository_owner: exact,
    workflow_ref: startsWith(/^[^/]+\/[^/]+\//),
    // Each repository's administrator chooses the parts and their order (include_claim_keys), so
    // any part but the first may be text within a part before it.
    sub: startsWith(
      /^(?:(?:repo|repository):[^:/]+\/|(?:repository_owner|repository_owner_id|repository_id):[^:]+:)/,
      ":",
    ),
  },
  runClaims: ["repository", "run_id", "run_attempt", "ref", "environment", "sha", "actor"],
  subject: {
    form: "OWNER/REPOSITORY",
    example: "acme/api",
    conditions: (subject: string) => repositoryConditions("repository", subject),
    number: {
      claim: "repository_id",
      apiUrl: (issuer: string, segments: readonly string[]) =>
        `${apiOf(issuer)}/repos/${segments.join("/")}`,
    },
  },
  fields: {
    subject: {
      label: "Repository",
      hint: "Owner and name. acme/* trusts all repositories of the owner.",
      example: "acme/api",
    },
    repositoryId: {
      label: "Repository number",
      hint: "Looked up if empty. For a private repository, gh api repos/acme/api shows it as id.",
      example: "123456789",
    },
    workflow: {
      label: "Workflow file",
      hint: "In .github/workflows of the repository. If empty, every workflow.",
      example: "deploy.yml",
    },
    branch: { label: "Branch", hint: "A pattern such as release-* is possible.", example: "main" },
    tag: { label: "Tag", hint: "Instead of a branch.", example: "v*" },
    environment: {
      label: "Environment",
      hint: "As in the job. GitHub enforces its reviewers and branches.",
      example: "production",
    },
    issuer: {
      label: "Issuer",
      hint: "Only if your enterprise on github.com has an issuer of its own.",
      example: "https://token.actions.githubusercontent.com/ENTERPRISE",
    },
  },
  phrases: { all: "GitHub Actions jobs", of: (subject: string) => `of ${subject}` },
  printToken: (audience: string) =>
    'curl --silent --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" ' +
    `"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${
      encodeURIComponent(audience)
    }" | jq --raw-output .value`,
  // A file name has no slash, and the first two parts are the owner and the repository.
  workflow: (file: string) => [
    { claim: "workflow_ref", operator: "glob", values: [`*/*/.github/workflows/${file}@**`] },
  ],
  branch: (name: string) => [conditionOn("ref", `refs/heads/${name}`)],
  tag: (name: string) => [conditionOn("ref", `refs/tags/${name}`)],
  environment: (name: string) => [conditionOn("environment", name)],
  workloadOf: (claim) => ({
    subject: claim("repository"),
    repositoryId: claim("repository_id"),
    workflow: /^[^/]+\/[^/]+\/\.github\/workflows\/([\w.-]+)@/.exec(claim("workflow_ref") ?? "")
      ?.[1],
    environment: claim("environment"),
    ...refOptions("ref", claim("ref"), [pinned("repository_owner_id", claim)]),
  }),
  unsuitableClaims: {
    sub: "Its form depends on the job and the repository. Use the fields for the repository, " +
      "branch, tag or environment instead.",
  },
  risks: pullRequestRisks,
  jobSetup: () =>
    "Add this to the workflow:\n  permissions:\n    id-token: write\n    contents: read\n",
} as const satisfies Provider;

/** GitHub Enterprise Server signs as https://HOST/_services/token and has its API at /api/v3. */
function apiOf(issuer: string): string {
  const { origin, hostname } = new URL(issuer);
  return hostname.endsWith("githubusercontent.com") ? "https://api.github.com" : `${origin}/api/v3`;
}

/** Claims that say where a run comes from. */
const SOURCE_CLAIMS = ["ref", "environment", "job_workflow_ref", "workflow_ref", "sub"];

/**
 * Subjects of runs for pull requests, as globs: the documented form, and those of repositories
 * whose administrators chose other parts.
 */
const PULL_REQUEST_SUBJECTS = [
  "repo:*/*",
  "repository:*/*",
  "repository_owner:*",
  "repository_owner_id:*",
  "repository_id:*",
].flatMap((owner) => [`${owner}:pull_request`, `${owner}:ref:refs/pull/*/*`]);
const PULL_REQUEST_REF = "refs/pull/*/*";

/** A pull request runs its author's code, so a rule must say where a run may come from. */
function pullRequestRisks(conditions: readonly Condition[]): RuleRisk[] {
  const sources = conditions.filter(({ claim }) => SOURCE_CLAIMS.includes(claim));
  if (sources.length === 0) {
    return [{
      code: "no_ref",
      message: "It names no branch, tag, environment or workflow, so it also matches runs for " +
        "pull requests, which can contain code from forks. Name one of them.",
    }];
  }
  if (!conditions.some(namesPullRequests) && !sources.every(matchesPullRequests)) return [];
  return [{
    code: "pull_requests",
    message: "It matches runs for pull requests, which can contain code from forks. Name a " +
      "branch, tag or environment instead.",
  }];
}

function namesPullRequests({ claim, values }: Condition): boolean {
  return values.some((value) =>
    (claim === "event_name" && value.startsWith("pull_request")) ||
    (claim === "ref" && value.startsWith("refs/pull")) ||
    (claim === "sub" && value.endsWith(":pull_request"))
  );
}

/** Whether the condition holds for the run of some pull request, by GitHub's documentation. */
function matchesPullRequests({ claim, operator, values }: Condition): boolean {
  return values.some((value) => {
    // An exact value with a star is a literal that no run has.
    const overlaps = (pattern: string) =>
      (operator === "glob" || !value.includes("*")) && globsOverlap(value, pattern);
    switch (claim) {
      case "ref":
        return overlaps(PULL_REQUEST_REF);
      case "sub":
        return !/(?:^|:)(?:ref|environment|job_workflow_ref):[^:*]/.test(value) ||
          PULL_REQUEST_SUBJECTS.some(overlaps);
      case "workflow_ref":
        return overlaps(`**@${PULL_REQUEST_REF}`);
      case "job_workflow_ref":
        // A pull request may call any public workflow, whose owner chooses the ref.
        return !/^[^/*]+\//.test(value) || overlaps(`**@${PULL_REQUEST_REF}`);
      default:
        return false;
    }
  });
}
