import type { Child } from "hono/jsx";
import { brand } from "../../../shared/brand.ts";
import { PATHS } from "../../oauth/metadata.ts";
import { FORGOT_PASSWORD_PATH } from "../../passwords/password_mail.ts";
import type { Acr } from "../../sign_in/authentication.ts";
import type { PageContext } from "../context.ts";
import { ACR_PARAMETER } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { EmailField, PasswordField } from "./account_fields.tsx";
import { UNLOCK_PARAMETER } from "./unlock_link.ts";

export interface SignInForm {
  /** Where to go afterwards. */
  next: string;
  /** What the sign-in must be at least. */
  requiredAcr?: Acr;
  /** Whether a user who is signed in does so again. */
  again?: boolean;
  email?: string;
  /** See unlock_link.ts. */
  unlock?: string;
}

/** The other ways to sign in, each a form or a link of its own. */
export interface SignInSlots {
  /** Above the password: links to identity providers. */
  providers?: Child;
  /** Below them: the button for a passkey. */
  passkey?: Child;
}

export async function signInPage(
  deps: RenderDeps,
  c: PageContext,
  { next, requiredAcr, again = false, email, unlock }: SignInForm,
  problems: readonly FormProblem[] = [],
  { providers, passkey }: SignInSlots = {},
): Promise<Response> {
  const rejected = problems.length > 0;
  return await renderPage(deps, c, {
    name: "sign_in",
    title: formTitle("Sign in", problems),
    status: rejected ? 422 : 200,
    children: (
      <main>
        <h1>{again ? "Sign in again" : `Sign in to ${brand.productName}`}</h1>
        <ErrorSummary problems={problems} />
        <Reason next={next} again={again} />
        {providers}
        {passkey}
        <form method="post" action="/signin">
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields
            fields={{
              next,
              ...requiredAcr !== undefined && { [ACR_PARAMETER]: requiredAcr },
              ...unlock !== undefined && { [UNLOCK_PARAMETER]: unlock },
            }}
          />
          <EmailField value={email ?? ""} problems={problems} autofocus={!rejected && !email} />
          <PasswordField problems={problems} autofocus={!rejected && Boolean(email)} />
          <button class="main" type="submit">Sign in</button>
        </form>
        <p class="below">
          <a href={FORGOT_PASSWORD_PATH}>Forgot password?</a>
        </p>
      </main>
    ),
  });
}

/** Whether the user signs in for a program that opened the browser. */
export function isAuthorizationPath(next: string): boolean {
  return next.startsWith(`${PATHS.authorization}?`);
}

/** Why the user has to sign in. */
function Reason({ next, again }: { next: string; again: boolean }) {
  const fromTerminal = next === "/device" || next.startsWith("/device?");
  const fromBrowser = isAuthorizationPath(next);
  if (again) {
    return fromTerminal || fromBrowser
      ? <p>Sign in again to approve a login.</p>
      : <p>You signed in a while ago. Sign in again to continue.</p>;
  }
  if (fromBrowser) return <p>Sign in to continue to the application.</p>;
  return fromTerminal ? <p>Sign in to approve a login from your terminal.</p> : null;
}
