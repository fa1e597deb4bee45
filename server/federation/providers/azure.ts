import { conditionOn } from "../condition.ts";
import { exact } from "../owner_claims.ts";
import type { Provider } from "../provider.ts";

export const azure = {
  name: "azure",
  title: "Azure",
  workloads: "Azure",
  guide: "azure.md",
  documentation:
    "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
  example: "5d5e8b7a-1111-2222-3333-444444444444 " +
    "--issuer https://login.microsoftonline.com/99999999-8888-7777-6666-555555555555/v2.0 " +
    "--audience 11111111-2222-3333-4444-555555555555 --scope deploy",
  claims: [
    { claim: "oid", description: "the managed identity's object id" },
    { claim: "sub", description: "the same for a managed identity" },
    { claim: "azp", description: "the application's id" },
  ],
  ownerClaims: { oid: exact, sub: exact, azp: exact, appid: exact },
  runClaims: ["oid", "xms_mirid"],
  subject: {
    form: "OBJECT-ID",
    example: "5d5e8b7a-1111-2222-3333-444444444444",
    conditions: (subject: string) => [conditionOn("oid", subject)],
  },
  fields: {
    subject: {
      label: "Object ID",
      hint: "Of the managed identity, in the Azure portal on its Overview page.",
      example: "5d5e8b7a-1111-2222-3333-444444444444",
    },
    issuer: {
      label: "Issuer",
      hint: "With the ID of your tenant.",
      example: "https://login.microsoftonline.com/99999999-8888-7777-6666-555555555555/v2.0",
      required: true,
    },
    audience: {
      label: "Audience",
      hint: "The application ID that the workload requests its token for.",
      example: "11111111-2222-3333-4444-555555555555",
    },
  },
  phrases: {
    all: "Azure workloads",
    of: (subject: string) => `of the managed identity ${subject}`,
  },
  workloadOf: (claim) => ({ subject: claim("oid") }),
  printToken: (audience: string) =>
    "curl --silent --header 'Metadata: true' " +
    "'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01" +
    `&resource=${encodeURIComponent(audience)}' | jq --raw-output .access_token`,
} as const satisfies Provider;
