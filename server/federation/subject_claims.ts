import { LAST_TIME, numericDate } from "../../shared/clock.ts";
import type { TokenRejection } from "./token_rejection.ts";

/** Clocks of issuers may be off by this much. */
export const SKEW_SECONDS = 60;

/** Undefined if the claims are acceptable at `now`, in seconds. */
export function checkClaims(
  claims: Record<string, unknown>,
  expected: { issuer: string; audiences: string[] },
  now: number,
): TokenRejection | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti } = claims;
  if (iss !== expected.issuer) {
    return { code: "issuer", message: `The issuer (iss) is not ${expected.issuer}.` };
  }
  if (![aud].flat().some((audience) => expected.audiences.includes(audience as string))) {
    return {
      code: "audience",
      message: [aud].flat().length === 0 || aud === undefined || aud === null
        ? "The token has no audience (aud)."
        : `The audience (aud) is ${JSON.stringify(aud)}, which no rule trusts.`,
    };
  }
  if (typeof sub !== "string" || sub === "") {
    return { code: "subject", message: "The subject (sub) is missing or is not a string." };
  }
  for (const [name, value] of Object.entries({ exp, iat, ...nbf !== undefined && { nbf } })) {
    if (typeof value !== "number" || value < 0 || value > numericDate(LAST_TIME)) {
      return { code: "times", message: `The claim ${name} is not a time before the year 10000.` };
    }
  }
  if (exp as number <= now - SKEW_SECONDS) {
    return { code: "expired", message: "The token has expired." };
  }
  if (nbf !== undefined && nbf as number > now + SKEW_SECONDS) {
    return { code: "not_yet_valid", message: "The token is not valid yet (nbf)." };
  }
  if (iat as number > now + SKEW_SECONDS) {
    return { code: "issued_in_future", message: "The token was issued in the future (iat)." };
  }
  if (jti !== undefined && typeof jti !== "string" && typeof jti !== "number") {
    return { code: "jti", message: "The claim jti is neither a string nor a number." };
  }
}
