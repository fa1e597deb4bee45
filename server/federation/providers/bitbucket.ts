import { conditionOn } from "../condition.ts";
import { exact, startsWith } from "../owner_claims.ts";
import { pinned } from "../workload_options.ts";
import type { Provider } from "../provider.ts";

export const bitbucket = {
  name: "bitbucket",
  title: "Bitbucket Pipelines",
  workloads: "Bitbucket Pipelines",
  guide: "bitbucket.md",
  documentation:
    "https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/",
  example: "'{aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee}' --branch main " +
    "--issuer https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc " +
    "--scope deploy",
  singleCustomerIssuers: /^https:\/\/api\.bitbucket\.org\/2\.0\/workspaces\/[^/]/,
  claims: [
    { claim: "repositoryUuid", description: "the repository's id, with braces" },
    { claim: "workspaceUuid", description: "the workspace's id, with braces" },
    { claim: "branchName", description: "the branch that is built" },
    { claim: "deploymentEnvironmentUuid", description: "the deployment environment's id" },
  ],
  ownerClaims: {
    repositoryUuid: exact,
    workspaceUuid: exact,
    sub: startsWith(/^\{[0-9a-f-]{36}\}:/, ":"),
  },
  runClaims: ["repositoryUuid", "pipelineUuid", "stepUuid", "branchName"],
  reusesTokens: true,
  subject: {
    form: "{REPOSITORY-UUID}",
    example: "{aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee}",
    conditions: (subject: string) => [conditionOn("repositoryUuid", subject)],
  },
  fields: {
    subject: {
      label: "Repository UUID",
      hint: "With braces; in Bitbucket under Repository settings, OpenID Connect.",
      example: "{aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee}",
    },
    branch: { label: "Branch", hint: "A pattern such as release-* is possible.", example: "main" },
    environment: {
      label: "Deployment environment UUID",
      hint: "With braces, from the same page.",
      example: "{11111111-2222-3333-4444-555555555555}",
    },
    issuer: {
      label: "Issuer",
      hint: "The identity provider URL of the same page; it names your workspace.",
      example: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
      required: true,
    },
    audience: {
      label: "Audience",
      hint: "Only for steps with oidc: true and no audience: the one of the same page.",
      example: "ari:cloud:bitbucket::workspace/11111111-2222-3333-4444-555555555555",
    },
  },
  phrases: {
    all: "Bitbucket Pipelines steps",
    of: (subject: string) => `of the repository ${subject}`,
  },
  printToken: () => 'echo "$BITBUCKET_STEP_OIDC_TOKEN" | base64 --wrap=0',
  workloadOf: (claim) => ({
    subject: claim("repositoryUuid"),
    branch: claim("branchName"),
    environment: claim("deploymentEnvironmentUuid"),
    conditions: [pinned("workspaceUuid", claim)],
  }),
  branch: (name: string) => [conditionOn("branchName", name)],
  environment: (name: string) => [conditionOn("deploymentEnvironmentUuid", name)],
} as const satisfies Provider;
