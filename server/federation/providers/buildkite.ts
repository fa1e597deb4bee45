import { conditionOn } from "../condition.ts";
import { exact, startsWith } from "../owner_claims.ts";
import { pinned } from "../workload_options.ts";
import type { Provider } from "../provider.ts";

export const buildkite = {
  name: "buildkite",
  title: "Buildkite",
  workloads: "Buildkite",
  guide: "buildkite.md",
  documentation: "https://buildkite.com/docs/agent/cli/reference/oidc",
  example: "acme/api --branch main --scope deploy",
  issuer: "https://agent.buildkite.com",
  claims: [
    { claim: "organization_id", description: "the organization's id, which no rename changes" },
    { claim: "pipeline_id", description: "the pipeline's id, which no rename changes" },
    { claim: "organization_slug", description: "the organization's short name" },
    { claim: "pipeline_slug", description: "the pipeline's short name" },
    { claim: "build_branch", description: "the branch that is built" },
    { claim: "step_key", description: "the step's key" },
  ],
  ownerClaims: {
    organization_id: exact,
    organization_slug: exact,
    pipeline_id: exact,
    cluster_id: exact,
    // The long form, or the id that `oidc request-token --subject-claim` chose.
    sub: startsWith(/^(?:organization:[^:]+:|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$)/),
  },
  runClaims: ["pipeline_slug", "build_number", "job_id", "build_branch", "build_commit"],
  subject: {
    form: "ORGANIZATION/PIPELINE",
    example: "acme/api",
    conditions(subject: string) {
      const [organization, pipeline] = subject.split("/");
      return [
        conditionOn("organization_slug", organization),
        ...pipeline ? [conditionOn("pipeline_slug", pipeline)] : [],
      ];
    },
  },
  fields: {
    subject: {
      label: "Pipeline",
      hint: "Organization and pipeline, as in the address of the pipeline. acme trusts all " +
        "pipelines of the organization.",
      example: "acme/api",
    },
    branch: { label: "Branch", hint: "A pattern such as release-* is possible.", example: "main" },
  },
  phrases: { all: "Buildkite jobs", of: (subject: string) => `of ${subject}` },
  printToken: (audience: string) =>
    `buildkite-agent oidc request-token --audience ${audience} | base64 --wrap=0`,
  workloadOf(claim) {
    const [organization, pipeline] = [claim("organization_slug"), claim("pipeline_slug")];
    return {
      subject: organization && pipeline && `${organization}/${pipeline}`,
      branch: claim("build_branch"),
      conditions: [pinned("organization_id", claim), pinned("pipeline_id", claim)],
    };
  },
  branch: (name: string) => [conditionOn("build_branch", name)],
} as const satisfies Provider;
