import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import { sharedNetwork } from "../../http/client_ip.ts";
import { type ChangedPassword, changePassword } from "../../passwords/change_password.ts";
import { NewPasswordFields, UsernameForPasswordManagers } from "../account/account_fields.tsx";
import type { PageContext } from "../context.ts";
import { renewSession, type SessionDeps, signedInSession } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage, tooManyAttempts } from "../http/error_page.tsx";
import { type FormProblem, toFormProblem } from "../http/form_problem.ts";
import { setNotice } from "../http/notice.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { formatCount } from "../../../shared/bounded_count.ts";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField } from "../ui/hidden_fields.tsx";
import { TextField } from "../ui/text_field.tsx";
import { newPasswordProblems } from "./new_password.ts";

export const CHANGE_PASSWORD_PATH = "/account/password";

type ChangePasswordDeps = RenderDeps & SessionDeps & Parameters<typeof changePassword>[0] & {
  config: Pick<ServerConfig, "mail">;
};

/** GET /.well-known/change-password: where password managers send users (W3C). */
export function redirectToChangePassword(_deps: unknown, c: PageContext): Response {
  return c.redirect(CHANGE_PASSWORD_PATH, 303);
}

/** GET /account/password */
export async function showChangePassword(
  deps: ChangePasswordDeps,
  c: PageContext,
): Promise<Response> {
  return await changePage(deps, c, { revokeLogins: true }, []);
}

/** POST /account/password: the form has the current password, so the sign-in may be old. */
export async function submitChangePassword(
  deps: ChangePasswordDeps,
  c: PageContext,
): Promise<Response> {
  const { id: sessionId, user } = signedInSession(c);
  const form = c.get("form");
  const revokeLogins = form("revoke_logins") !== undefined;
  const newPassword = form("password") ?? "";
  const problems = newPasswordProblems(newPassword, form("repeated_password"), user);
  if (problems.length > 0) return await changePage(deps, c, { revokeLogins }, problems);
  const { address } = c.get("requester");
  const changed = await changePassword(deps, {
    user,
    sessionId,
    currentPassword: form("current_password") ?? "",
    newPassword,
    keepLogins: !revokeLogins,
    address,
    caller: { network: sharedNetwork(address), known: true },
  });
  if (changed instanceof DomainError) {
    return changed.code === "rate_limited"
      ? await errorPage(
        deps,
        c,
        tooManyAttempts(changed, "The current password was wrong too often."),
      )
      : await changePage(deps, c, { revokeLogins }, [toFormProblem(changed)]);
  }
  // False if the user has just been disabled; the next page then asks to sign in.
  await renewSession(deps, c, changed.user);
  setNotice(deps, c, { code: "password_changed", text: describe(changed, revokeLogins) });
  return c.redirect("/", 303);
}

function describe({ logins, browsers }: ChangedPassword, revokedLogins: boolean): string {
  const others = Math.max(0, browsers - 1);
  const effects = [
    ...others > 0 ? [`signed out ${formatCount(others, "other browser")}`] : [],
    ...logins > 0 ? [`revoked ${formatCount(logins, "login")} in terminals`] : [],
  ].join(" and ");
  return "Your password was changed." +
    (effects === "" ? "" : ` This ${effects}.`) +
    (revokedLogins ? "" : " Logins in terminals still work.");
}

async function changePage(
  deps: RenderDeps & { config: Pick<ServerConfig, "mail"> },
  c: PageContext,
  { revokeLogins }: { revokeLogins: boolean },
  problems: readonly FormProblem[],
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "change_password",
    title: formTitle("Change password", problems),
    breadcrumbs: [{ path: "/", label: "Overview" }],
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>Change password</h1>
        <ErrorSummary problems={problems} />
        <form method="post" action={CHANGE_PASSWORD_PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <UsernameForPasswordManagers email={signedInSession(c).user.email} />
          <TextField
            id="current_password"
            label="Current password"
            problems={problems}
            type="password"
            autocomplete="current-password"
            required
            autofocus={problems.length === 0}
          />
          <NewPasswordFields problems={problems} label="New password" />
          <p>
            All other browsers are signed out. Personal access tokens still work.
          </p>
          <div class="field">
            <label class="check">
              <input
                type="checkbox"
                id="revoke_logins"
                name="revoke_logins"
                value="on"
                checked={revokeLogins}
                aria-describedby="revoke_logins-hint"
              />
              Also revoke logins in terminals
            </label>
            <p class="hint" id="revoke_logins-hint">
              Leave this selected if someone else may know the old password. You then have to log in
              again in each terminal.
            </p>
          </div>
          <button class="main" type="submit">Change password</button>
        </form>
        {deps.config.mail !== undefined && (
          <p class="below">
            <a href="/password/forgot">Forgot your current password?</a>
          </p>
        )}
      </main>
    ),
  });
}
