import { OAuthError } from "../../shared/oauth/errors.ts";
import { type Acr, ACR_VALUES, isAcr, weakestAcr } from "../../shared/oauth/acr.ts";

/**
 * What the sign-in behind an approval must be at least, by `acr_values` (OpenID Connect Core 1.0
 * section 3.1.2.1, RFC 9470 section 4): the weakest of those that are known, since each would do.
 * A client that depends on it reads the `acr` of its token.
 */
export function parseAcrValues(text: string | undefined): Acr | undefined | OAuthError {
  if (text === undefined || text.trim() === "") return undefined;
  // RFC 9470 section 5: nothing that the user does would meet it.
  return weakestAcr(text) ?? new OAuthError(
    "unmet_authentication_requirements",
    `This server has none of the requested acr_values. It has ${ACR_VALUES.join(", ")}.`,
  );
}

/** The strongest of the values that a proxy requires; undefined: one of them is unknown. */
export function strongestAcr(values: readonly string[]): Acr | undefined {
  return values.every(isAcr) ? ACR_VALUES.findLast((acr) => values.includes(acr)) : undefined;
}
