import { hasSecondFactor, type SecondFactors } from "../store/second_factors.ts";
import { type Acr, satisfiesAcr } from "../../shared/oauth/acr.ts";
import { strongerAcr } from "./authentication.ts";
import type { FirstFactor } from "./first_factor.ts";

/** Who needs a second factor, by the setting `second_factor`. */
export type SecondFactorPolicy = "off" | "administrators" | "everyone";

/** What each sign-in of this user must be at least. */
export function policyAcr(
  policy: SecondFactorPolicy,
  user: { isAdmin: boolean },
): Acr | undefined {
  return policy === "everyone" || policy === "administrators" && user.isAdmin ? "2fa" : undefined;
}

/** What a sign-in still needs: a second factor of the user, or that they set one up. */
export type NextStep = "done" | "confirm" | "enroll";

/**
 * A user with a second factor also needs it after a password. An authenticator app cannot satisfy
 * `phr`, so that is left to the page that requires it.
 */
export function nextStep(
  first: FirstFactor,
  factors: SecondFactors,
  required: { policy: Acr | undefined; page: Acr | undefined },
): NextStep {
  const isEnrolled = hasSecondFactor(factors);
  const isSufficient = satisfiesAcr(first.acr, strongerAcr(required.policy, required.page));
  if (first.method === "password" && isEnrolled) return "confirm";
  if (isSufficient) return "done";
  if (isEnrolled && first.acr === "1fa") return "confirm";
  return first.acr === "1fa" && (required.policy !== undefined || required.page === "2fa")
    ? "enroll"
    : "done";
}
