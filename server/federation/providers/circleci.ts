import { conditionOn } from "../condition.ts";
import { exact, startsWith } from "../owner_claims.ts";
import { pinned, refOptions } from "../workload_options.ts";
import type { Provider } from "../provider.ts";

export const circleci = {
  name: "circleci",
  title: "CircleCI",
  workloads: "CircleCI",
  guide: "circleci.md",
  documentation:
    "https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/",
  example: "3c1f8e1e-5a0c-4a6e-9a5e-111111111111 --branch main " +
    "--condition oidc.circleci.com/project-id=3c1f8e1e-5a0c-4a6e-9a5e-222222222222 --scope deploy",
  issuerOf: (subject: string) =>
    /^[0-9a-f-]{36}$/i.test(subject) ? `https://oidc.circleci.com/org/${subject}` : undefined,
  singleCustomerIssuers: /^https:\/\/oidc\.circleci\.com\/org\/[0-9a-f-]{36}$/,
  claims: [
    { claim: "oidc.circleci.com/project-id", description: "the project's id" },
    { claim: "oidc.circleci.com/vcs-ref", description: "refs/heads/main, …" },
    { claim: "oidc.circleci.com/vcs-origin", description: "the repository, host/owner/name" },
    { claim: "oidc.circleci.com/context-ids", description: "contexts the job uses" },
  ],
  ownerClaims: {
    "oidc.circleci.com/org-id": exact,
    "oidc.circleci.com/project-id": exact,
    "oidc.circleci.com/vcs-origin": startsWith(/^[^/]+\/[^/]+\//),
    sub: startsWith(/^org\/[^/]+\/project\//),
  },
  runClaims: [
    "oidc.circleci.com/project-id",
    "oidc.circleci.com/job-id",
    "oidc.circleci.com/vcs-ref",
  ],
  reusesTokens: true,
  subject: {
    form: "ORGANIZATION-ID",
    example: "3c1f8e1e-5a0c-4a6e-9a5e-111111111111",
    // The issuer is the organization's.
    conditions: () => [],
  },
  fields: {
    subject: {
      label: "Organization ID",
      hint: "In CircleCI under Organization Settings, Overview.",
      example: "3c1f8e1e-5a0c-4a6e-9a5e-111111111111",
    },
    branch: { label: "Branch", hint: "A pattern such as release-* is possible.", example: "main" },
    tag: { label: "Tag", hint: "Instead of a branch.", example: "v*" },
    audience: {
      label: "Audience",
      hint: "Only for jobs without the command circleci: the organization ID.",
      example: "3c1f8e1e-5a0c-4a6e-9a5e-111111111111",
    },
  },
  phrases: { all: "CircleCI jobs", of: (subject: string) => `of the organization ${subject}` },
  printToken: (audience: string) =>
    `circleci run oidc get --claims '{"aud":"${audience}"}' | base64 --wrap=0`,
  workloadOf: (claim) =>
    refOptions("oidc.circleci.com/vcs-ref", claim("oidc.circleci.com/vcs-ref"), [
      pinned("oidc.circleci.com/project-id", claim),
      // A pull request of a fork is built in the project, and may have a branch of the same name.
      pinned("oidc.circleci.com/vcs-origin", claim),
    ]),
  branch: (name: string) => [conditionOn("oidc.circleci.com/vcs-ref", `refs/heads/${name}`)],
  tag: (name: string) => [conditionOn("oidc.circleci.com/vcs-ref", `refs/tags/${name}`)],
} as const satisfies Provider;
