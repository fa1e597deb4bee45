/** How a user has signed in, from the browser session to the tokens. Pure. */
import { type Acr, isAcr, satisfiesAcr } from "../../shared/oauth/acr.ts";

/**
 * `amr` has values of RFC 8176, such as `pwd`, `otp`, `hwk`, `swk`, `user` and `mfa`, or `fed`: an
 * identity provider whose own methods the operator does not trust.
 */
export interface Authentication {
  acr: Acr;
  amr: readonly string[];
}

/** The longest `amr` that is kept: the size of access tokens is limited. */
export const MAX_AMR = { values: 4, length: 6 } as const;

/** What tokens may have at most, to check their size before they exist. */
export const LARGEST_AUTHENTICATION: Authentication = {
  acr: "phr",
  amr: Array(MAX_AMR.values).fill("x".repeat(MAX_AMR.length)),
};

/** Sign-ins of an earlier version are not recorded; they had a password. */
export function acrOf(authentication: Authentication | undefined): Acr {
  return authentication?.acr ?? "1fa";
}

/** The stronger of two requirements; undefined if both are. */
export function strongerAcr(left: Acr | undefined, right: Acr | undefined): Acr | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return satisfiesAcr(left, right) ? left : right;
}

/** From the columns that tables with a sign-in have. */
export function authenticationFromRow(
  { acr, amr }: { acr: string | null; amr: readonly string[] | null },
): Authentication | undefined {
  return isAcr(acr) ? { acr, amr: amr ?? [] } : undefined;
}
