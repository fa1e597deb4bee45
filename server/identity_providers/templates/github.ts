import type { ProviderTemplate } from "../template.ts";

export const github: ProviderTemplate = {
  name: "github",
  title: "GitHub",
  protocol: "github",
  issuer: "https://github.com",
  issuerExample: "https://github.com",
  isPublic: (issuer) => new URL(issuer).hostname === "github.com",
  scopes: ["read:user", "user:email"],
  groupScopes: ["read:org"],
  groupsClaim: "teams",
  // An access token of an OAuth app is valid until it is revoked, so it serves for checks.
  refresh: {},
  fresh: { prompt: "select_account" },
  confirmsFreshness: false,
  takesMaxAge: false,
  // Set from GET /user/emails: see github.ts.
  vouchesForAddress: ({ email_verified }) => email_verified === true,
  console: "https://github.com/settings/developers",
};
