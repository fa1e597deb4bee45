import type { ProviderTemplate } from "../template.ts";

export const entra: ProviderTemplate = {
  name: "entra",
  title: "Microsoft",
  protocol: "openid",
  issuerExample: "https://login.microsoftonline.com/TENANT-ID/v2.0",
  issuerProblem: (issuer) =>
    /\/(?:common|organizations|consumers)\//.test(`${issuer}/`)
      ? "Every tenant is an issuer of its own: name yours by its ID, such as " +
        "https://login.microsoftonline.com/TENANT-ID/v2.0."
      : undefined,
  isPublic: () => false,
  scopes: ["openid", "email", "profile"],
  groupsClaim: "groups",
  refresh: { scopes: ["offline_access"] },
  fresh: { prompt: "login" },
  confirmsFreshness: true,
  takesMaxAge: true,
  // Anyone with a tenant can put any address into `email`. These optional claims say whose it is.
  vouchesForAddress: ({ xms_edov, email, verified_primary_email }) =>
    [true, 1, "1", "true"].includes(xms_edov as string) ||
    Array.isArray(verified_primary_email) && typeof email === "string" &&
      verified_primary_email.some((verified) =>
        String(verified).toLowerCase() === email.toLowerCase()
      ),
  console: "https://entra.microsoft.com",
};
