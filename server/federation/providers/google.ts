import { conditionOn } from "../condition.ts";
import { endsWith, exact, type FixedParts } from "../owner_claims.ts";
import type { Provider } from "../provider.ts";

export const google = {
  name: "google",
  title: "Google Cloud",
  workloads: "Compute Engine, Cloud Run, GKE",
  guide: "google.md",
  documentation: "https://cloud.google.com/compute/docs/instances/verifying-instance-identity",
  example: "107517467455664443766 --scope deploy",
  issuer: "https://accounts.google.com",
  claims: [
    { claim: "sub", description: "the service account's number, which is never used again" },
    { claim: "email", description: "the service account's address" },
    { claim: "google.compute_engine.project_id", description: "the project of the machine" },
  ],
  ownerClaims: {
    sub: exact,
    // A project's own service accounts; developer.gserviceaccount.com holds those of all projects.
    email: (value: FixedParts) =>
      value.exact || endsWith(/@[^@.]+\.iam\.gserviceaccount\.com$/)(value),
    "google.compute_engine.project_id": exact,
    "google.compute_engine.project_number": exact,
  },
  runClaims: ["email", "google.compute_engine.instance_name"],
  subject: {
    form: "SERVICE-ACCOUNT",
    example: "107517467455664443766",
    conditions: (subject: string) => [
      conditionOn(/^\d+$/.test(subject) ? "sub" : "email", subject),
    ],
  },
  fields: {
    subject: {
      label: "Service account",
      hint: "Its number (unique ID), which is never used again, or its e-mail address.",
      example: "107517467455664443766",
    },
  },
  phrases: {
    all: "Google Cloud workloads",
    of: (subject: string) => `of the service account ${subject}`,
  },
  printToken: (audience: string) =>
    "curl --silent --header 'Metadata-Flavor: Google' " +
    "'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity" +
    `?format=full&audience=${encodeURIComponent(audience)}'`,
} as const satisfies Provider;
