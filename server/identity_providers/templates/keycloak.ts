import type { ProviderTemplate } from "../template.ts";

export const keycloak: ProviderTemplate = {
  name: "keycloak",
  title: "Keycloak",
  protocol: "openid",
  issuerExample: "https://keycloak.example.com/realms/REALM",
  isPublic: () => false,
  scopes: ["openid", "email", "profile"],
  groupsClaim: "groups",
  refresh: { scopes: ["offline_access"] },
  fresh: { prompt: "login" },
  confirmsFreshness: true,
  takesMaxAge: true,
  vouchesForAddress: ({ email_verified }) => email_verified === true,
  console: "the Keycloak Admin Console",
};
