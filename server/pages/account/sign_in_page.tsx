import { brand } from "../../../shared/brand.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { PATHS } from "../../oauth/metadata.ts";
import { FORGOT_PASSWORD_PATH } from "../../passwords/password_mail.ts";
import { type Acr, isAcr } from "../../../shared/oauth/acr.ts";
import type { PageContext } from "../context.ts";
import { ACR_PARAMETER } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { providerButtons } from "../upstream/buttons.tsx";
import { EmailField, PasswordField } from "./account_fields.tsx";
import { passkeyButton, type PasskeyButtonDeps } from "./passkeys/sign_in_button.tsx";
import { SECURITY_PATH } from "./security/paths.ts";
import { UNLOCK_PARAMETER } from "./unlock_link.ts";

export interface SignInForm {
  /** Where to go afterwards. */
  next: string;
  /** What the sign-in must be at least. */
  requiredAcr?: Acr;
  /** Whether a user who is signed in does so again. */
  again?: boolean;
  /** Whether to show the password although it is for break-glass administrators only. */
  password?: boolean;
  email?: string;
  /** See unlock_link.ts. */
  unlock?: string;
}

/** Shows the password where it is for break-glass administrators only. */
export const PASSWORD_PARAMETER = "password";

export type SignInPageDeps = PasskeyButtonDeps & { config: Pick<ServerConfig, "passwordSignIn"> };

export async function signInPage(
  deps: SignInPageDeps,
  c: PageContext,
  { next, requiredAcr, again = false, password = false, email, unlock }: SignInForm,
  problems: readonly FormProblem[] = [],
): Promise<Response> {
  const providers = await providerButtons(deps, c, { next, again, requiredAcr });
  const isPasswordShown = deps.config.passwordSignIn.enabled || password;
  const passkey = await passkeyButton(deps, c, {
    next,
    requiredAcr,
    again,
    isAlternative: isPasswordShown || providers?.hasRequired === true,
  });
  const rejected = problems.length > 0;
  return await renderPage(deps, c, {
    name: "sign_in",
    title: formTitle("Sign in", problems),
    status: rejected ? 422 : 200,
    children: (
      <main>
        <h1>{again ? "Sign in again" : `Sign in to ${brand.productName}`}</h1>
        <ErrorSummary problems={problems} />
        <Reason next={next} again={again} requiredAcr={requiredAcr} />
        {providers?.buttons}
        {passkey}
        <form method="post" action="/signin">
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields
            fields={{
              next,
              ...again && { again: "1" },
              ...requiredAcr !== undefined && { [ACR_PARAMETER]: requiredAcr },
              ...unlock !== undefined && { [UNLOCK_PARAMETER]: unlock },
            }}
          />
          {isPasswordShown
            ? (
              <>
                <EmailField
                  value={email ?? ""}
                  problems={problems}
                  autofocus={!rejected && !email}
                  suggestsPasskeys={passkey !== undefined}
                />
                <PasswordField
                  problems={problems}
                  autofocus={!rejected && Boolean(email)}
                  isOptional={providers?.hasRequired}
                />
                <button class="main" type="submit">Sign in</button>
              </>
            )
            : providers?.hasRequired && (
              <>
                <EmailField
                  value={email ?? ""}
                  problems={problems}
                  autofocus={!rejected && !email}
                  suggestsPasskeys={passkey !== undefined}
                />
                <button class="main" type="submit">Continue</button>
              </>
            )}
        </form>
        <p class="below">
          {isPasswordShown
            ? <a href={FORGOT_PASSWORD_PATH}>Forgot password?</a>
            : (
              <a href={`/signin?${new URLSearchParams({ next, [PASSWORD_PARAMETER]: "1" })}`}>
                Sign in with a password (administrators only)
              </a>
            )}
        </p>
      </main>
    ),
  });
}

/** What the sign-in must be at least; the page that requires it checks that again. */
export function readAcr(value: string | undefined): Acr | undefined {
  return isAcr(value) ? value : undefined;
}

/** Whether the user signs in for a program that opened the browser. */
export function isAuthorizationPath(next: string): boolean {
  return next.startsWith(`${PATHS.authorization}?`);
}

/** Why the user has to sign in. */
function Reason(
  { next, again, requiredAcr }: { next: string; again: boolean; requiredAcr?: Acr },
) {
  if (requiredAcr === "2fa") {
    return <p>This needs a second factor: sign in with one to continue.</p>;
  }
  if (requiredAcr === "phr") {
    return (
      <p>
        This needs a passkey: sign in with one to continue. If you have none, add one under{" "}
        <a href={SECURITY_PATH}>Sign-in methods</a> first.
      </p>
    );
  }
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
