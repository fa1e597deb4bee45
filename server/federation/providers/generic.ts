import { conditionOn } from "../condition.ts";
import type { Provider } from "../provider.ts";

export const generic = {
  name: "generic",
  title: "Another OpenID Connect issuer",
  workloads: "anything that signs OpenID Connect ID tokens",
  guide: "generic.md",
  documentation: "https://openid.net/specs/openid-connect-core-1_0.html#IDToken",
  example: "deployer --issuer https://id.example.com --scope deploy",
  claims: [{ claim: "sub", description: "the subject: the workload, in the issuer's own form" }],
  ownerClaims: {},
  runClaims: [],
  subject: {
    form: "SUBJECT",
    example: "deployer",
    conditions: (subject: string) => [conditionOn("sub", subject)],
  },
  fields: {
    subject: {
      label: "Subject",
      hint: "The workload, as the issuer writes it in the claim sub.",
      example: "deployer",
    },
    issuer: {
      label: "Issuer",
      hint: "The claim iss of its tokens, exactly as they have it.",
      example: "https://id.example.com",
      required: true,
    },
    audience: {
      label: "Audience",
      hint: "The claim aud of its tokens, if it cannot be this server's URL.",
      example: "https://auth.example.com",
    },
  },
  phrases: {
    all: "workloads",
    of: (subject: string) => `with the subject ${subject}`,
  },
} as const satisfies Provider;
