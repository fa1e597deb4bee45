/** Scopes that need a stronger sign-in than that of this browser session. */
import { formatScope } from "../../../shared/oauth/scope.ts";
import type { FormParameters } from "../../http/form.ts";
import { type Factor, FACTORS, type ScopeDescription } from "../../scopes.ts";
import { satisfiesAcr } from "../../../shared/oauth/acr.ts";
import { acrOf, strongerAcr } from "../../sign_in/authentication.ts";
import type { Session } from "../../store/sessions.ts";
import { signInPath } from "../http/browser_session.ts";
import type { FormProblem } from "../http/form_problem.ts";

/** What a scope needs, in a sentence about it. */
export const FACTOR_LABELS: Record<Factor, string> = {
  "2fa": "needs a second factor",
  phr: "needs a passkey",
};

/** Those of `scopes` that this session cannot approve. */
export function unmetFactors(
  scopes: readonly ScopeDescription[],
  { authentication }: Session,
): ScopeDescription[] {
  return scopes.filter(({ factor }) => !satisfiesAcr(acrOf(authentication), factor));
}

/** Where to sign in for them, if there are any: for those that were selected, or the first ones. */
export function FactorNotice(
  { unmet, form, next }: {
    unmet: readonly ScopeDescription[];
    form?: FormParameters;
    next: string;
  },
) {
  if (unmet.length === 0) return null;
  const selected = unmet.filter(({ name }) => form?.(`scope:${name}`));
  const acr = selected.length > 0
    ? selected.map(({ factor }) => factor).reduce(strongerAcr, undefined)
    : FACTORS.find((factor) => unmet.some((scope) => scope.factor === factor));
  return (
    <p data-acr={acr}>
      Some scopes need {acr === "phr" ? "a passkey" : "a second factor"}.{" "}
      <a href={signInPath(next, { again: true, acr })}>Sign in with it</a> before you select them.
    </p>
  );
}

/** Why a token with these scopes cannot be created in this session. */
export function factorProblem(
  scopes: readonly ScopeDescription[],
  session: Session,
): FormProblem | undefined {
  const unmet = unmetFactors(scopes, session);
  if (unmet.length === 0) return undefined;
  return {
    code: "insufficient_factor",
    message:
      `${formatScope(unmet.map(({ name }) => name))}: you signed in without the factor that ` +
      "this needs. Sign in with it, by the link above the scopes.",
    fields: ["scopes"],
  };
}
