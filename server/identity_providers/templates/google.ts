import type { ProviderTemplate } from "../template.ts";

export const google: ProviderTemplate = {
  name: "google",
  title: "Google",
  protocol: "openid",
  issuer: "https://accounts.google.com",
  issuerExample: "https://accounts.google.com",
  isPublic: () => true,
  scopes: ["openid", "email", "profile"],
  // Google has no scope for it, and its consent page is what yields a refresh token.
  refresh: { parameters: { access_type: "offline", prompt: "consent" } },
  // Google ignores prompt=login. It sends auth_time only if the app may ask for it by this claim.
  fresh: {
    prompt: "select_account",
    claims: JSON.stringify({ id_token: { auth_time: { essential: true } } }),
  },
  confirmsFreshness: false,
  takesMaxAge: false,
  // An address of another domain was verified once, but need not belong to the user any more.
  vouchesForAddress: ({ email, email_verified, hd }) =>
    email_verified === true && typeof email === "string" &&
    (typeof hd === "string" && hd !== "" || email.toLowerCase().endsWith("@gmail.com")),
  console: "https://console.cloud.google.com/auth/clients",
};
