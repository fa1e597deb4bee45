import { beginning, ending, type OwnerClaims, whole } from "./owner_claims.ts";

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
   * Claims one of which must be pinned to a customer, or all of the provider's would be let in.
   * Empty where nothing is known of its claims.
   */
  owners: OwnerClaims;
  /** A workload has one token for as long as that lives, and its programs ask with it again. */
  reusesTokens?: true;
  /** Issuers that are one customer's: their rules need no claim that pins the customer. */
  ownIssuers?: RegExp;
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
  owners: {
    repository_id: whole,
    repository_owner_id: whole,
    repository: beginning(/^[^/]+\//),
    repository_owner: whole,
    workflow_ref: beginning(/^[^/]+\/[^/]+\//),
    // Which parts it has, and in which order, is up to each repository's administrator
    // (include_claim_keys): only the first is sure not to be text that a part before it holds.
    sub: beginning(
      /^(?:(?:repo|repository):[^:/]+\/|(?:repository_owner|repository_owner_id|repository_id):[^:]+:)/,
      ":",
    ),
  },
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
  owners: {
    project_id: whole,
    namespace_id: whole,
    project_path: beginning(/^[^/]+\//),
    namespace_path: beginning(/^[^/]+\//, "/"),
    // A project may leave out parts at the end; project_path stays the first.
    sub: beginning(/^project_path:[^:/]+\//),
  },
  reusesTokens: true,
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
    owners: {
      organization_id: whole,
      organization_slug: whole,
      pipeline_id: whole,
      cluster_id: whole,
      // The long form, or the id that `oidc request-token --subject-claim` chose.
      sub: beginning(/^(?:organization:[^:]+:|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$)/),
    },
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
    owners: {
      "oidc.circleci.com/org-id": whole,
      "oidc.circleci.com/project-id": whole,
      "oidc.circleci.com/vcs-origin": beginning(/^[^/]+\/[^/]+\//),
      sub: beginning(/^org\/[^/]+\/project\//),
    },
    ownIssuers: /^https:\/\/oidc\.circleci\.com\/org\/[0-9a-f-]{36}$/,
    reusesTokens: true,
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
    owners: {
      repositoryUuid: whole,
      workspaceUuid: whole,
      sub: beginning(/^\{[0-9a-f-]{36}\}:/, ":"),
    },
    ownIssuers: /^https:\/\/api\.bitbucket\.org\/2\.0\/workspaces\/[^/]/,
    reusesTokens: true,
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
    owners: {
      sub: whole,
      // A project's own service accounts; those of developer.gserviceaccount.com are everybody's.
      email: (value) => value.exact || ending(/@[^@.]+\.iam\.gserviceaccount\.com$/)(value),
      "google.compute_engine.project_id": whole,
      "google.compute_engine.project_number": whole,
    },
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
    owners: { oid: whole, sub: whole, azp: whole, appid: whole },
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
    owners: {
      sub: beginning(/^system:serviceaccount:[^:]+:/),
      "kubernetes.io.namespace": whole,
      "kubernetes.io.serviceaccount.uid": whole,
    },
    reusesTokens: true,
    run: ["kubernetes.io.namespace", "kubernetes.io.pod.name"],
    documentation:
      "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection",
  },
  "generic": {
    title: "Another OpenID Connect issuer",
    issuer: undefined,
    claims: [{ claim: "sub", description: "whom the issuer means" }],
    owners: {},
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
