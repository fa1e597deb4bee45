import { brand } from "../../../shared/brand.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import { sharedNetwork } from "../../http/client_ip.ts";
import { registrationOptions } from "../../passkeys/options.ts";
import { type RegisterDeps, registerPasskeyByLink } from "../../passkeys/register.ts";
import { PASSWORD_LINK_PATH } from "../../passwords/password_link.ts";
import { FORGOT_PASSWORD_PATH } from "../../passwords/password_mail.ts";
import { describePasswordLink, setPasswordByLink } from "../../passwords/use_password_link.ts";
import { hasSignInMethod, type User } from "../../store/users.ts";
import { NewPasswordFields, UsernameForPasswordManagers } from "../account/account_fields.tsx";
import {
  browserTokenOf,
  CREDENTIAL_FIELD,
  PasskeyForm,
  passkeyProblem,
} from "../account/passkeys/passkey_form.tsx";
import { UNLOCK_PARAMETER, unlockToken } from "../account/unlock_link.ts";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage, type PageError } from "../http/error_page.tsx";
import type { FormProblem } from "../http/form_problem.ts";
import { setNotice } from "../http/notice.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { newPasswordProblems } from "./new_password.ts";

const PASSKEY_LINK_PATH = `${PASSWORD_LINK_PATH}/passkey`;

type ChoosePasswordDeps = RenderDeps & RegisterDeps & Parameters<typeof setPasswordByLink>[0] & {
  config: Pick<ServerConfig, "mail">;
};

/**
 * GET /password/choose?token=…: the link that a user was sent. Opening it uses nothing: mail
 * scanners do.
 */
export async function showChoosePassword(
  deps: ChoosePasswordDeps,
  c: PageContext,
): Promise<Response> {
  const token = c.get("query")("token") ?? "";
  const link = await describePasswordLink(deps, token);
  if (link?.state !== "usable") return await unusableLinkPage(deps, c, link?.state);
  return await choosePage(deps, c, { token, user: link.user }, []);
}

/** POST /password/choose */
export async function submitChoosePassword(
  deps: ChoosePasswordDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const token = form("token") ?? "";
  const password = form("password") ?? "";
  // Before the password is hashed, which is expensive.
  const link = await describePasswordLink(deps, token);
  if (link?.state !== "usable") return await unusableLinkPage(deps, c, link?.state);
  const problems = newPasswordProblems(password, form("repeated_password"), link.user);
  if (problems.length > 0) {
    return await choosePage(deps, c, { token, user: link.user }, problems);
  }
  const { address } = c.get("requester");
  const user = await setPasswordByLink(deps, {
    token,
    password,
    address,
    caller: { network: sharedNetwork(address), known: true },
  });
  if (user instanceof DomainError) return await unusableLinkPage(deps, c, "used");
  setNotice(deps, c, {
    code: "password_chosen",
    text: `The password of ${user.email} was changed. Sign in with the new password.`,
  });
  // Failed sign-ins elsewhere must not block the user who has just proved who they are.
  const unlock = new URLSearchParams({ [UNLOCK_PARAMETER]: unlockToken(deps, user.id) });
  return c.redirect(`/signin?${unlock}`, 303);
}

/** POST /password/choose/passkey: a new user chooses a passkey in place of a password. */
export async function submitChoosePasskey(
  deps: ChoosePasswordDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const token = form("token") ?? "";
  const link = await describePasswordLink(deps, token);
  if (link?.state !== "usable") return await unusableLinkPage(deps, c, link?.state);
  const { user } = link;
  const added = await registerPasskeyByLink(deps, { userId: user.id, token }, {
    credential: form(CREDENTIAL_FIELD),
    browserToken: c.get("browserToken"),
    ...c.get("requester"),
  });
  if (added instanceof DomainError) {
    if (added.code === "conflict" && added.reason === undefined) {
      return await unusableLinkPage(deps, c, "used");
    }
    return await choosePage(deps, c, { token, user }, [passkeyProblem(added)]);
  }
  setNotice(deps, c, {
    code: "passkey_added",
    text: `The passkey “${added.name}” was added to your account. Sign in with it.`,
  });
  return c.redirect("/signin", 303);
}

async function choosePage(
  deps: ChoosePasswordDeps,
  c: PageContext,
  { token, user }: { token: string; user: User },
  problems: readonly FormProblem[],
): Promise<Response> {
  // The Referer header must not contain the token, not even for this server's own log. Not
  // no-referrer: under that a browser sends "Origin: null" with the form.
  c.header("Referrer-Policy", "strict-origin");
  const isNew = user.passwordHash === undefined;
  const title = isNew ? "Choose a password" : "Reset your password";
  const passkey = isNew && !await hasSignInMethod(deps.sql, user.id)
    ? await registrationOptions(deps, { user, browserToken: browserTokenOf(deps, c) })
    : undefined;
  return await renderPage(deps, c, {
    name: "choose_password",
    title: formTitle(title, problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>{isNew ? `Welcome to ${brand.productName}` : title}</h1>
        <ErrorSummary problems={problems} />
        <p>
          {isNew ? "Choose a password for your account, " : "Choose a new password for "}
          <strong>
            <UntrustedText text={user.email} max={254} />
          </strong>
          .{!isNew && " This signs out all browsers and revokes all logins in terminals. " +
              "Personal access tokens still work."}
        </p>
        <form method="post" action={PASSWORD_LINK_PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields fields={{ token }} />
          <UsernameForPasswordManagers email={user.email} />
          <NewPasswordFields problems={problems} label={isNew ? "Password" : "New password"} />
          <button class="main" type="submit">{isNew ? "Set password" : "Change password"}</button>
        </form>
        {passkey !== undefined && (
          <PasskeyForm
            deps={deps}
            c={c}
            ceremony="create"
            options={passkey}
            action={PASSKEY_LINK_PATH}
            fields={{ token }}
          >
            <p class="or">or</p>
            <button class="full" type="submit">Use a passkey instead</button>
            <p class="hint">
              You sign in with your fingerprint, face, screen lock or security key.
            </p>
          </PasskeyForm>
        )}
      </main>
    ),
  });
}

async function unusableLinkPage(
  deps: RenderDeps & { config: Pick<ServerConfig, "mail"> },
  c: PageContext,
  state: "used" | "expired" | undefined,
): Promise<Response> {
  c.header("Referrer-Policy", "strict-origin");
  return await errorPage(deps, c, unusableLink(state, deps.config.mail !== undefined));
}

function unusableLink(state: "used" | "expired" | undefined, sendsMail: boolean): PageError {
  const newLink = sendsMail
    ? (
      <p>
        <a href={FORGOT_PASSWORD_PATH}>Request a new link</a>, or ask your administrator for one.
      </p>
    )
    : <p>Ask your administrator for a new link.</p>;
  if (state === "used") {
    return {
      code: "gone",
      id: "password_link_used",
      title: "This link was already used",
      children: (
        <>
          <p>A password was chosen with it. Each link works once.</p>
          <p>
            <a class="button main" href="/signin">Sign in</a>
          </p>
          <p>
            If you did not choose it, contact your administrator. If you forgot it, you need another
            link:
          </p>
          {newLink}
        </>
      ),
    };
  }
  if (state === "expired") {
    return {
      code: "gone",
      id: "password_link_expired",
      title: "This link has expired",
      children: (
        <>
          <p>
            Links expire after a while, and when a newer link or a new password replaces them.
          </p>
          {newLink}
        </>
      ),
    };
  }
  return {
    code: "gone",
    id: "invalid_password_link",
    title: "This link is not valid",
    children: (
      <>
        <p>It is incomplete, or it expired some time ago. Copy the whole link from the message.</p>
        {newLink}
      </>
    ),
  };
}
