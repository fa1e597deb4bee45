/** A claim that rules use, in words for operators. */
export interface ClaimDescription {
  claim: string;
  description: string;
}

/** What we know of a provider of workload identity tokens. */
export interface Provider {
  title: string;
  /** Undefined: the operator names it, since each installation has its own. */
  issuer?: string;
  claims: readonly ClaimDescription[];
  /**
   * Claims one of which must be pinned to a value, or every customer of the
   * provider would be let in. Empty where the issuer itself is one customer's.
   */
  owners: readonly string[];
  /** Claims that tell a run apart: copied into our token, first come first. */
  run: readonly string[];
  /** Where the provider documents its claims. */
  documentation: string;
}

const github: Provider = {
  title: "GitHub Actions",
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
  owners: ["repository_id", "repository_owner_id", "repository", "repository_owner", "sub"],
  run: ["repository", "run_id", "run_attempt", "ref", "environment", "sha", "actor"],
  documentation: "https://docs.github.com/actions/reference/openid-connect-reference",
};

const gitlab: Provider = {
  title: "GitLab CI",
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
  owners: ["project_id", "namespace_id", "project_path", "namespace_path", "sub"],
  run: ["project_path", "pipeline_id", "job_id", "ref", "environment", "sha", "user_login"],
  documentation: "https://docs.gitlab.com/ci/secrets/id_token_authentication/",
};

/** Templates for `admin trust add` and the page; the words are for operators. */
export const providers = {
  "github": github,
  "github-enterprise": { ...github, title: "GitHub Enterprise Server", issuer: undefined },
  "gitlab": gitlab,
  "gitlab-self-managed": { ...gitlab, title: "GitLab, self-managed", issuer: undefined },
  "buildkite": {
    title: "Buildkite",
    issuer: "https://agent.buildkite.com",
    claims: [
      { claim: "organization_id", description: "the organization's id, which no rename changes" },
      { claim: "pipeline_id", description: "the pipeline's id, which no rename changes" },
      { claim: "organization_slug", description: "the organization's short name" },
      { claim: "pipeline_slug", description: "the pipeline's short name" },
      { claim: "build_branch", description: "the branch that is built" },
      { claim: "step_key", description: "the step's key" },
    ],
    owners: ["organization_id", "organization_slug", "pipeline_id", "sub"],
    run: ["pipeline_slug", "build_number", "job_id", "build_branch", "build_commit"],
    documentation: "https://buildkite.com/docs/agent/cli/reference/oidc",
  },
  "circleci": {
    title: "CircleCI",
    // Each organization has an issuer of its own: https://oidc.circleci.com/org/ID
    issuer: undefined,
    claims: [
      { claim: "oidc.circleci.com/project-id", description: "the project's id" },
      { claim: "oidc.circleci.com/vcs-ref", description: "refs/heads/main, …" },
      { claim: "oidc.circleci.com/vcs-origin", description: "the repository, host/owner/name" },
      { claim: "oidc.circleci.com/context-ids", description: "contexts the job uses" },
    ],
    owners: [],
    run: ["oidc.circleci.com/project-id", "oidc.circleci.com/job-id", "oidc.circleci.com/vcs-ref"],
    documentation: "https://circleci.com/docs/openid-connect-tokens/",
  },
  "bitbucket": {
    title: "Bitbucket Pipelines",
    // Each workspace has an issuer of its own.
    issuer: undefined,
    claims: [
      { claim: "repositoryUuid", description: "the repository's id, with braces" },
      { claim: "workspaceUuid", description: "the workspace's id, with braces" },
      { claim: "branchName", description: "the branch that is built" },
      { claim: "deploymentEnvironmentUuid", description: "the deployment environment's id" },
    ],
    owners: [],
    run: ["repositoryUuid", "pipelineUuid", "stepUuid", "branchName"],
    documentation:
      "https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/",
  },
  "google": {
    title: "Google Cloud",
    issuer: "https://accounts.google.com",
    claims: [
      { claim: "sub", description: "the service account's number, which is never used again" },
      { claim: "email", description: "the service account's address" },
      { claim: "google.compute_engine.project_id", description: "the project of the machine" },
    ],
    owners: ["sub", "email", "google.compute_engine.project_id"],
    run: ["email", "google.compute_engine.instance_name"],
    documentation: "https://cloud.google.com/compute/docs/instances/verifying-instance-identity",
  },
  "azure": {
    title: "Azure",
    // Each tenant has an issuer of its own: https://login.microsoftonline.com/TENANT/v2.0
    issuer: undefined,
    claims: [
      { claim: "oid", description: "the managed identity's object id" },
      { claim: "sub", description: "the same for a managed identity" },
      { claim: "azp", description: "the application's id" },
    ],
    owners: ["oid", "sub", "azp", "appid"],
    run: ["oid", "xms_mirid"],
    documentation:
      "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
  },
  "kubernetes": {
    title: "Kubernetes service accounts",
    issuer: undefined,
    claims: [
      { claim: "sub", description: "system:serviceaccount:NAMESPACE:NAME" },
      { claim: "kubernetes.io.namespace", description: "the namespace" },
      { claim: "kubernetes.io.serviceaccount.name", description: "the service account" },
      {
        claim: "kubernetes.io.serviceaccount.uid",
        description: "its id, new when it is made anew",
      },
    ],
    owners: ["sub", "kubernetes.io.namespace", "kubernetes.io.serviceaccount.uid"],
    run: ["kubernetes.io.namespace", "kubernetes.io.pod.name"],
    documentation:
      "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection",
  },
  "generic": {
    title: "Another OpenID Connect issuer",
    issuer: undefined,
    claims: [{ claim: "sub", description: "whom the issuer means" }],
    owners: [],
    run: [],
    documentation: "https://openid.net/specs/openid-connect-core-1_0.html#IDToken",
  },
} as const satisfies Record<string, Provider>;

export type ProviderName = keyof typeof providers;

export function isProviderName(name: string): name is ProviderName {
  return Object.hasOwn(providers, name);
}

/** The provider as plain data, for code that serves them all. */
export function provider(name: ProviderName): Provider {
  return providers[name];
}
