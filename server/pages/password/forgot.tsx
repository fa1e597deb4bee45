import type { Clock } from "../../../shared/clock.ts";
import { brand } from "../../../shared/brand.ts";
import { formatDuration } from "../../../shared/duration.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import type { Mail } from "../../notifications/mail.ts";
import { RESET_LINK_LIFETIME } from "../../passwords/password_link.ts";
import { FORGOT_PASSWORD_PATH } from "../../passwords/password_mail.ts";
import { requestPasswordReset } from "../../passwords/request_reset.ts";
import type { Sql } from "../../store/db/connect.ts";
import { emailProblem } from "../../store/users.ts";
import { EmailField } from "../account/account_fields.tsx";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage, tooManyAttempts } from "../http/error_page.tsx";
import type { FormProblem } from "../http/form_problem.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Command } from "../ui/command.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField } from "../ui/hidden_fields.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

interface ForgotPasswordDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "mail">;
  mail: Pick<Mail, "sendLater">;
}

/** GET /password/forgot */
export async function showForgotPassword(
  deps: ForgotPasswordDeps,
  c: PageContext,
): Promise<Response> {
  return deps.config.mail === undefined
    ? await noMailPage(deps, c)
    : await formPage(deps, c, "", []);
}

/** POST /password/forgot: the response is the same whether or not there is such a user. */
export async function submitForgotPassword(
  deps: ForgotPasswordDeps,
  c: PageContext,
): Promise<Response> {
  if (deps.config.mail === undefined) return await noMailPage(deps, c);
  const email = (c.get("form")("email") ?? "").trim();
  const problem = emailProblem(email);
  if (problem !== undefined) {
    return await formPage(deps, c, email, [{
      code: "invalid",
      message: problem,
      fields: ["email"],
    }]);
  }
  const { address } = c.get("requester");
  const limited = await requestPasswordReset(deps, { email, address });
  if (limited instanceof DomainError) {
    return await errorPage(
      deps,
      c,
      tooManyAttempts(limited, "There were too many requests from your network."),
    );
  }
  return await renderPage(deps, c, {
    name: "reset_requested",
    title: "Check your e-mail",
    children: (
      <main>
        <h1>Check your e-mail</h1>
        <p>
          If there is an account for{" "}
          <UntrustedText text={email} max={254} />, you will receive a link to reset its password.
          The link works once and expires in {formatDuration(RESET_LINK_LIFETIME)}.
        </p>
        <p>
          If nothing arrives within a few minutes, check the address and your spam folder, or ask
          your administrator.
        </p>
        <p>
          <a class="button" href="/signin">Back to sign-in</a>
        </p>
      </main>
    ),
  });
}

async function formPage(
  deps: RenderDeps,
  c: PageContext,
  email: string,
  problems: readonly FormProblem[],
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "forgot_password",
    title: formTitle("Reset your password", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>Reset your password</h1>
        <ErrorSummary problems={problems} />
        <p>Enter the e-mail address of your account to receive a link.</p>
        <form method="post" action={FORGOT_PASSWORD_PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <EmailField value={email} problems={problems} autofocus={problems.length === 0} />
          <button class="main" type="submit">Send link</button>
        </form>
        <p class="below">
          <a href="/signin">Back to sign-in</a>
        </p>
      </main>
    ),
  });
}

/** Without a mail server, only an administrator can help. */
async function noMailPage(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "ask_administrator",
    title: "Reset your password",
    children: (
      <main>
        <h1>Reset your password</h1>
        <p>
          This server does not send e-mail. Ask your administrator for a link with which you choose
          a new password.
        </p>
        <p>Administrators run this command on the server, with your address:</p>
        <Command>
          {`${brand.binaryName} admin user reset-password alice@example.com --link`}
        </Command>
        <p>
          <a class="button" href="/signin">Back to sign-in</a>
        </p>
      </main>
    ),
  });
}
