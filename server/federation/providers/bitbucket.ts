import { conditionOn } from "../condition.ts";
import { exact, startsWith } from "../owner_claims.ts";
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
  branch: (name: string) => [conditionOn("branchName", name)],
  environment: (name: string) => [conditionOn("deploymentEnvironmentUuid", name)],
} as const satisfies Provider;
