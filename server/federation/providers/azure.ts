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
} as const satisfies Provider;
