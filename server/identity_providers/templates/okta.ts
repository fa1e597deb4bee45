import type { ProviderTemplate } from "../template.ts";

export const okta: ProviderTemplate = {
  name: "okta",
  title: "Okta",
  protocol: "openid",
  issuerExample: "https://acme.okta.com",
  isPublic: () => false,
  scopes: ["openid", "email", "profile"],
  groupScopes: ["groups"],
  groupsClaim: "groups",
  refresh: { scopes: ["offline_access"] },
  fresh: { prompt: "login" },
  confirmsFreshness: true,
  takesMaxAge: true,
  acrValues: { "2fa": "urn:okta:loa:2fa:any", phr: "phr" },
  vouchesForAddress: ({ email_verified }) => email_verified === true,
  console: "the Okta Admin Console",
};
