import type { ProviderTemplate } from "../template.ts";

/** Any provider of OpenID Connect. */
export const generic: ProviderTemplate = {
  name: "generic",
  title: "single sign-on",
  protocol: "openid",
  issuerExample: "https://login.example.com",
  isPublic: () => false,
  scopes: ["openid", "email", "profile"],
  refresh: { scopes: ["offline_access"] },
  fresh: { prompt: "login" },
  confirmsFreshness: true,
  takesMaxAge: true,
  vouchesForAddress: ({ email_verified }) => email_verified === true,
  console: "the provider",
};
