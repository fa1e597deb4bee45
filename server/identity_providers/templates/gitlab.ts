import type { ProviderTemplate } from "../template.ts";

export const gitlab: ProviderTemplate = {
  name: "gitlab",
  title: "GitLab",
  protocol: "openid",
  issuer: "https://gitlab.com",
  issuerExample: "https://gitlab.com",
  isPublic: (issuer) => new URL(issuer).hostname === "gitlab.com",
  scopes: ["openid", "email", "profile"],
  groupsClaim: "groups",
  // Every user can create a top-level group, which is sent as its name.
  groupName: (path) => `/${path}`,
  refresh: {},
  fresh: { prompt: "login" },
  confirmsFreshness: true,
  takesMaxAge: true,
  vouchesForAddress: ({ email_verified }) => email_verified === true,
  console: "https://gitlab.com/-/user_settings/applications",
};
