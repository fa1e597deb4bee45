import { DomainError } from "../../domain_error.ts";
import { conditionOn } from "../condition.ts";
import { exact, startsWith } from "../owner_claims.ts";
import { pinned } from "../workload_options.ts";
import type { Provider } from "../provider.ts";

export const kubernetes = {
  name: "kubernetes",
  title: "Kubernetes service accounts",
  workloads: "Pods of any cluster",
  guide: "kubernetes.md",
  documentation:
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection",
  example: "ci/deployer --issuer https://oidc.cluster.example.com --scope deploy",
  claims: [
    { claim: "sub", description: "system:serviceaccount:NAMESPACE:NAME" },
    { claim: "kubernetes.io.namespace", description: "the namespace" },
    { claim: "kubernetes.io.serviceaccount.name", description: "the service account" },
    {
      claim: "kubernetes.io.serviceaccount.uid",
      description: "its id; an account that is created again gets a new one",
    },
  ],
  ownerClaims: {
    sub: startsWith(/^system:serviceaccount:[^:]+:/),
    "kubernetes.io.namespace": exact,
    "kubernetes.io.serviceaccount.uid": exact,
  },
  runClaims: ["kubernetes.io.namespace", "kubernetes.io.pod.name"],
  reusesTokens: true,
  subject: {
    form: "NAMESPACE/NAME",
    example: "ci/deployer",
    conditions(subject: string) {
      const [namespace, account, ...rest] = subject.split("/");
      if (!namespace || !account || rest.length > 0) {
        return new DomainError(
          "invalid",
          `"${subject}" is not a valid service account. Write it as NAMESPACE/NAME.`,
          { field: "subject" },
        );
      }
      return [conditionOn("sub", `system:serviceaccount:${namespace}:${account}`)];
    },
  },
  fields: {
    subject: {
      label: "Service account",
      hint: "Its namespace and name.",
      example: "ci/deployer",
    },
    issuer: {
      label: "Issuer",
      hint: "Of your cluster, as its /.well-known/openid-configuration has it.",
      example: "https://oidc.cluster.example.com",
      required: true,
    },
  },
  phrases: {
    all: "Kubernetes pods",
    of: (subject: string) => `of the service account ${subject}`,
  },
  workloadOf: (claim) => ({
    subject: /^system:serviceaccount:([^:]+):([^:]+)$/.exec(claim("sub") ?? "")?.slice(1).join("/"),
    conditions: [pinned("kubernetes.io.serviceaccount.uid", claim)],
  }),
  printToken: (audience: string) =>
    `kubectl create token deployer --namespace ci --audience ${audience}`,
} as const satisfies Provider;
