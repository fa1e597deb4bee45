import { DomainError } from "../../domain_error.ts";
import { confirmTotpEnrollment, showTotpEnrollment } from "../../sign_in/manage_factors.ts";
import { findSecondFactors, hasSecondFactor } from "../../store/second_factors.ts";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import { type FormProblem, toFormProblem } from "../http/form_problem.ts";
import { renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField } from "../ui/hidden_fields.tsx";
import { RecoveryCodes } from "../ui/recovery_codes.tsx";
import { FirstCodeField, TotpSetup } from "../ui/totp_setup.tsx";
import {
  completeSecondFactor,
  type CompleteSignInDeps,
  ENROLL_PATH,
  SECOND_FACTOR_PATH,
  signInExpired,
} from "./complete_sign_in.ts";
import { type BrowserSignIn, currentSignIn } from "./pending_sign_in.ts";

/** GET /signin/set-up: a user who needs a second factor and has none sets one up to sign in. */
export async function showEnrollment(deps: CompleteSignInDeps, c: PageContext): Promise<Response> {
  const pending = await currentSignIn(deps, c);
  return pending === undefined
    ? signInExpired(deps, c)
    : await enrollmentPage(deps, c, pending, []);
}

/** POST /signin/set-up: the first code of the app. */
export async function submitEnrollment(
  deps: CompleteSignInDeps,
  c: PageContext,
): Promise<Response> {
  const pending = await currentSignIn(deps, c);
  if (pending === undefined) return signInExpired(deps, c);
  const confirmed = await confirmTotpEnrollment(deps, {
    holder: pending.holder,
    user: pending.user,
    code: c.get("form")("code") ?? "",
    replaces: false,
    address: c.get("requester").address,
  });
  if (confirmed === "gone") return signInExpired(deps, c, pending);
  if (confirmed instanceof DomainError) {
    return await enrollmentPage(deps, c, pending, [toFormProblem(confirmed)]);
  }
  const { recoveryCodes } = confirmed;
  const second = { method: "totp", acr: "2fa", amr: ["otp"] } as const;
  return await completeSecondFactor(
    deps,
    c,
    pending,
    second,
    recoveryCodes && (() => codesPage(deps, c, { codes: recoveryCodes, next: pending.next })),
  );
}

async function enrollmentPage(
  deps: CompleteSignInDeps,
  c: PageContext,
  { user, holder, next }: BrowserSignIn,
  problems: readonly FormProblem[],
): Promise<Response> {
  // It was set up in another browser.
  if (hasSecondFactor(await findSecondFactors(deps.sql, user.id))) {
    return c.redirect(SECOND_FACTOR_PATH, 303);
  }
  const setup = await showTotpEnrollment(deps, { holder, user });
  if (setup === undefined) return signInExpired(deps, c, { next });
  const title = "Set up an authenticator app";
  return await renderPage(deps, c, {
    name: "enroll_second_factor",
    title: formTitle(title, problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>{title}</h1>
        <ErrorSummary problems={problems} />
        <p>To continue, you need a second factor besides your password.</p>
        <TotpSetup uri={setup.uri} setupKey={setup.key} />
        <form method="post" action={ENROLL_PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <FirstCodeField problems={problems} />
          <button class="main" type="submit">Continue</button>
        </form>
      </main>
    ),
  });
}

async function codesPage(
  deps: CompleteSignInDeps,
  c: PageContext,
  { codes, next }: { codes: readonly string[]; next: string },
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "recovery_codes",
    title: "Save your recovery codes",
    children: (
      <main>
        <h1>Save your recovery codes</h1>
        <p>Your authenticator app is set up, and you are signed in.</p>
        <RecoveryCodes codes={codes} />
        <p>
          <a class="button main" href={next}>I have saved the codes</a>
        </p>
      </main>
    ),
  });
}
