import { brand } from "../../../shared/brand.ts";
import { type Condition, conditionOn } from "../condition.ts";
import { exact, startsWith } from "../owner_claims.ts";
import { pinned } from "../workload_options.ts";
import type { Provider } from "../provider.ts";
import { repositoryConditions } from "../repository_path.ts";
import type { RuleRisk } from "../rule_risk.ts";

export const gitlab = {
  name: "gitlab",
  title: "GitLab CI",
  workloads: "GitLab CI, gitlab.com and self-managed",
  guide: "gitlab.md",
  documentation: "https://docs.gitlab.com/ci/secrets/id_token_authentication/",
  example: "acme/api --environment production --scope deploy",
  issuer: "https://gitlab.com",
  claims: [
    { claim: "project_id", description: "the project's number, which no rename changes" },
    { claim: "namespace_id", description: "the group's number, which no rename changes" },
    { claim: "project_path", description: "group/project" },
    { claim: "ref", description: "branch or tag name" },
    { claim: "ref_type", description: "branch or tag" },
    { claim: "ref_protected", description: "true if the branch or tag is protected" },
    { claim: "environment", description: "the job's environment" },
    { claim: "pipeline_source", description: "push, schedule, merge_request_event, …" },
    { claim: "sub", description: "project_path:group/project:ref_type:branch:ref:main" },
  ],
  ownerClaims: {
    project_id: exact,
    namespace_id: exact,
    project_path: startsWith(/^[^/]+\//),
    namespace_path: startsWith(/^[^/]+\//, "/"),
    // A project may leave out parts at the end; project_path stays the first.
    sub: startsWith(/^project_path:[^:/]+\//),
  },
  runClaims: ["project_path", "pipeline_id", "job_id", "ref", "environment", "sha", "user_login"],
  reusesTokens: true,
  subject: {
    form: "GROUP/PROJECT",
    example: "acme/api",
    conditions: (subject: string) => repositoryConditions("project_path", subject),
    number: {
      claim: "project_id",
      apiUrl: (issuer: string, segments: readonly string[]) =>
        `${new URL(issuer).origin}/api/v4/projects/${segments.join("%2F")}`,
    },
  },
  fields: {
    subject: {
      label: "Project",
      hint: "Group and project. acme/* trusts all projects of the group.",
      example: "acme/api",
    },
    repositoryId: {
      label: "Project number",
      hint: "Looked up if empty. For a private project, copy it from the project's page.",
      example: "12345678",
    },
    branch: { label: "Branch", hint: "A pattern such as release-* is possible.", example: "main" },
    tag: { label: "Tag", hint: "Instead of a branch.", example: "v*" },
    environment: {
      label: "Environment",
      hint: "As in the job. GitLab enforces who may deploy to a protected one.",
      example: "production",
    },
  },
  phrases: { all: "GitLab CI jobs", of: (subject: string) => `of ${subject}` },
  printToken: () => `echo "$${brand.envPrefix}_ID_TOKEN" | base64 --wrap=0`,
  branch: (name: string) => [conditionOn("ref_type", "branch"), conditionOn("ref", name)],
  tag: (name: string) => [conditionOn("ref_type", "tag"), conditionOn("ref", name)],
  environment: (name: string) => [conditionOn("environment", name)],
  workloadOf(claim) {
    const type = claim("ref_type");
    return {
      subject: claim("project_path"),
      repositoryId: claim("project_id"),
      ...type === "tag" ? { tag: claim("ref") } : type === "branch" ? { branch: claim("ref") } : {},
      environment: claim("environment"),
      conditions: [
        pinned("namespace_id", claim),
        claim("ref_protected") === "true" ? "ref_protected=true" : undefined,
      ],
    };
  },
  risks: (conditions: readonly Condition[]): RuleRisk[] =>
    conditions.some(narrowsRefs) ? [] : [{
      code: "no_ref",
      message: "It names no branch, tag or environment, so anyone who can push a branch matches. " +
        "Name one, or add the condition ref_protected=true.",
    }],
  jobSetup: (audience: string) =>
    `Add this to the job:\n  id_tokens:\n    ${brand.envPrefix}_ID_TOKEN:\n      aud: ${audience}\n`,
} as const satisfies Provider;

/** Whether the condition restricts the branches, tags or environments of a project. */
function narrowsRefs({ claim, operator, values }: Condition): boolean {
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
