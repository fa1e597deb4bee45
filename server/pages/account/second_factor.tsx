import { DomainError } from "../../domain_error.ts";
import { rateLimitKey } from "../../http/client_ip.ts";
import type { AuthenticateDeps } from "../../passkeys/authenticate.ts";
import {
  verifySecondFactor,
  type VerifySecondFactorDeps,
} from "../../sign_in/verify_second_factor.ts";
import {
  findSecondFactors,
  hasSecondFactor,
  type SecondFactors,
} from "../../store/second_factors.ts";
import { signInAddresses } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { findKnownBrowser, signInPath } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage, tooManyAttempts } from "../http/error_page.tsx";
import { type FormProblem, toFormProblem } from "../http/form_problem.ts";
import { renderPage } from "../render.tsx";
import { formatCount } from "../../../shared/bounded_count.ts";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { TextField } from "../ui/text_field.tsx";
import {
  completeSecondFactor,
  type CompleteSignInDeps,
  ENROLL_PATH,
  SECOND_FACTOR_PATH,
  signInExpired,
} from "./complete_sign_in.ts";
import { passkeyProblem } from "./passkeys/passkey_form.tsx";
import { passkeyConfirmation, verifyPasskeyFactor } from "./passkeys/second_factor.tsx";
import { type BrowserSignIn, currentSignIn } from "./pending_sign_in.ts";

type SecondFactorDeps = CompleteSignInDeps & VerifySecondFactorDeps & AuthenticateDeps;

/** With so few recovery codes left, the user is reminded to create new ones. */
const FEW_CODES = 3;

/** GET /signin/second-factor */
export async function showSecondFactor(deps: SecondFactorDeps, c: PageContext): Promise<Response> {
  const pending = await currentSignIn(deps, c);
  if (pending === undefined) return signInExpired(deps, c);
  const factors = await findSecondFactors(deps.sql, pending.user.id);
  if (!hasSecondFactor(factors)) return c.redirect(ENROLL_PATH, 303);
  return await secondFactorPage(deps, c, pending, { factors, recovery: isRecovery(c, factors) });
}

/** POST /signin/second-factor */
export async function submitSecondFactor(
  deps: SecondFactorDeps,
  c: PageContext,
): Promise<Response> {
  const pending = await currentSignIn(deps, c);
  if (pending === undefined) return signInExpired(deps, c);
  const { user } = pending;
  const { address } = c.get("requester");
  const known = await signInAddresses(deps.sql, user.id);
  const verified = await verifySecondFactor(deps, {
    user,
    code: c.get("form")("code") ?? "",
    address,
    knownHere: known.some((other) => rateLimitKey(other) === rateLimitKey(address)),
    browser: await findKnownBrowser(deps, c, user.id),
  });
  if (verified instanceof DomainError) {
    if (verified.code === "rate_limited") {
      const reason = "There were too many wrong codes for this account or from your address. If " +
        "it was not you who entered them, someone knows your password: change it.";
      return await errorPage(deps, c, tooManyAttempts(verified, reason));
    }
    const factors = await findSecondFactors(deps.sql, user.id);
    const recovery = c.get("form")("with") === "recovery_code";
    return await secondFactorPage(deps, c, pending, { factors, recovery }, [
      toFormProblem(verified),
    ]);
  }
  const { recoveryCodesLeft: left } = verified;
  const method = left === undefined ? "totp" : "recovery_code";
  // RFC 8176 section 2: both are one-time passwords.
  return await completeSecondFactor(deps, c, pending, {
    method,
    acr: "2fa",
    amr: ["otp"],
    notice: left === undefined || left > FEW_CODES ? undefined : {
      code: "few_recovery_codes",
      text: `You have ${formatCount(left, "recovery code")} left. Create new ones under ` +
        "Sign-in methods in your account menu.",
    },
  });
}

/** POST /signin/second-factor/passkey */
export async function submitPasskeyFactor(
  deps: SecondFactorDeps,
  c: PageContext,
): Promise<Response> {
  const pending = await currentSignIn(deps, c);
  if (pending === undefined) return signInExpired(deps, c);
  const verified = await verifyPasskeyFactor(deps, c, pending.user);
  if (!(verified instanceof DomainError)) {
    return await completeSecondFactor(deps, c, pending, verified);
  }
  const factors = await findSecondFactors(deps.sql, pending.user.id);
  const page = { factors, recovery: isRecovery(c, factors) };
  return await secondFactorPage(deps, c, pending, page, [passkeyProblem(verified)]);
}

function isRecovery(c: PageContext, factors: SecondFactors): boolean {
  return c.get("query")("with") === "recovery_code" || !factors.totp && factors.recoveryCodes > 0;
}

async function secondFactorPage(
  deps: SecondFactorDeps,
  c: PageContext,
  { next, user, requiredAcr }: Pick<BrowserSignIn, "next" | "user" | "requiredAcr">,
  { factors, recovery }: { factors: SecondFactors; recovery: boolean },
  problems: readonly FormProblem[] = [],
): Promise<Response> {
  const title = recovery ? "Enter a recovery code" : "Enter the code of your authenticator app";
  const hasCode = recovery || factors.totp;
  const passkey = await passkeyConfirmation(deps, c, { user, isAlternative: hasCode });
  return await renderPage(deps, c, {
    name: "second_factor",
    title: formTitle(hasCode ? title : "Confirm that it is you", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>{hasCode ? title : "Confirm that it is you"}</h1>
        <ErrorSummary problems={problems} />
        {factors.blockedPasskeys > 0 && passkey === undefined && (
          <p class="warning">
            Your passkey is blocked, because there may be a copy of it.
          </p>
        )}
        {passkey}
        {hasCode && (
          <form method="post" action={SECOND_FACTOR_PATH}>
            <CsrfField token={csrfToken(deps, c)} />
            {recovery && <HiddenFields fields={{ with: "recovery_code" }} />}
            <TextField
              id="code"
              label={recovery ? "Recovery code" : "Code"}
              hint={recovery
                ? "One of the codes that you saved when you set up the app, such as " +
                  "k7qm-3tzd-9fhr-xw2p. Each works once."
                : "Six digits, which change every 30 seconds."}
              problems={problems}
              type="text"
              inputmode={recovery ? "text" : "numeric"}
              autocomplete={recovery ? "off" : "one-time-code"}
              autocapitalize="off"
              spellcheck={false}
              required
              maxlength={40}
              autofocus={problems.length === 0}
            />
            <button class="main" type="submit">Sign in</button>
          </form>
        )}
        <p class="below">
          {recovery
            ? factors.totp && <a href={SECOND_FACTOR_PATH}>Use your authenticator app</a>
            : factors.recoveryCodes > 0 &&
              <a href={`${SECOND_FACTOR_PATH}?with=recovery_code`}>Use a recovery code</a>}
        </p>
        <p class="below">
          <a href={signInPath(next, { again: c.get("session") !== undefined, acr: requiredAcr })}>
            Start again
          </a>
        </p>
        <p class="hint">
          {hasCode
            ? "If you have lost both the app and the recovery codes, "
            : "If you cannot use your passkey, "}
          ask an administrator to reset your second factor.
        </p>
      </main>
    ),
  });
}
