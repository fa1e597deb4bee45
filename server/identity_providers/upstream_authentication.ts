import { type Acr, satisfiesAcr } from "../../shared/oauth/acr.ts";
import { type Authentication, MAX_AMR } from "../sign_in/authentication.ts";
import type { AcrMapping, IdentityProvider } from "../store/identity_providers.ts";
import type { UpstreamAccount } from "./account.ts";

/** What values of `acr` and `amr` mean at any provider, if the operator trusts them. */
const KNOWN_VALUES: AcrMapping = {
  // OpenID Connect Extended Authentication Profile ACR Values 1.0.
  phr: "phr",
  phrh: "phr",
  // RFC 8176 section 2.
  mfa: "2fa",
  // Microsoft Entra: a FIDO2 key or a passkey.
  fido: "phr",
  "http://schemas.microsoft.com/claims/multipleauthn": "2fa",
  "urn:okta:loa:2fa:any": "2fa",
  "https://refeds.org/profile/mfa": "2fa",
  "http://schemas.openid.net/pape/policies/2007/06/multi-factor": "2fa",
  "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant": "phr",
};

/** How a user has signed in at a provider, as far as the operator trusts what it says about that. */
export function upstreamAuthentication(
  { acrMapping }: Pick<IdentityProvider, "acrMapping">,
  { acr, amr }: Pick<UpstreamAccount, "acr" | "amr">,
): Authentication {
  if (acrMapping === undefined) return { acr: "1fa", amr: ["fed"] };
  const levels: Acr[] = [acr, ...amr].map((value) => {
    if (value === undefined) return "1fa";
    if (Object.hasOwn(acrMapping, value)) return acrMapping[value];
    return Object.hasOwn(KNOWN_VALUES, value) ? KNOWN_VALUES[value] : "1fa";
  });
  const strongest = levels.reduce((left, right) => satisfiesAcr(left, right) ? left : right, "1fa");
  const kept = amr.filter((value) =>
    value.length <= MAX_AMR.length && /^[a-z]+$/.test(value) && value !== "mfa"
  );
  const mfa = satisfiesAcr(strongest, "2fa") ? ["mfa"] : [];
  const methods = [...new Set(kept)].slice(0, MAX_AMR.values - mfa.length);
  const all = [...methods, ...mfa];
  return { acr: strongest, amr: all.length === 0 ? ["fed"] : all };
}
