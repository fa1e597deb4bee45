import { DomainError } from "../../../domain_error.ts";
import {
  confirmTotpEnrollment,
  type ManageFactorsDeps,
  removeTotp,
  showTotpEnrollment,
  startTotpEnrollment,
} from "../../../sign_in/manage_factors.ts";
import type { ServerConfig } from "../../../config/server_config.ts";
import { policyAcr } from "../../../sign_in/second_factor_policy.ts";
import type { Session } from "../../../store/sessions.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { RenderDeps } from "../../render.tsx";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formPage } from "../../ui/form_page.tsx";
import { FirstCodeField, TotpSetup } from "../../ui/totp_setup.tsx";
import { APP_PATH, SECURITY_PATH, securityCrumbs } from "./paths.ts";
import { recoveryCodesPage } from "./recovery_codes.tsx";

type AppDeps = RenderDeps & ManageFactorsDeps & { config: Pick<ServerConfig, "secondFactor"> };

/** POST /account/security/app/start: generates the secret that the next page shows. */
export async function startApp(deps: AppDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  await startTotpEnrollment(deps, { holder: holderOf(session), userId: session.user.id });
  return c.redirect(APP_PATH, 303);
}

/** GET /account/security/app */
export async function showApp(deps: AppDeps, c: PageContext): Promise<Response> {
  return await appPage(deps, c, []);
}

/** POST /account/security/app: the first code of the app. */
export async function submitApp(deps: AppDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const confirmed = await confirmTotpEnrollment(deps, {
    holder: holderOf(session),
    user: session.user,
    code: c.get("form")("code") ?? "",
    replaces: true,
    address: c.get("requester").address,
  });
  if (confirmed === "gone") return startAgain(deps, c);
  if (confirmed instanceof DomainError) return await appPage(deps, c, [toFormProblem(confirmed)]);
  const { recoveryCodes } = confirmed;
  if (recoveryCodes !== undefined) {
    return await recoveryCodesPage(deps, c, {
      codes: recoveryCodes,
      lead: "Your authenticator app is set up. From now on you need it to sign in.",
    });
  }
  setNotice(deps, c, {
    code: "app_replaced",
    text: "Your authenticator app is set up. Your recovery codes stay valid.",
  });
  return c.redirect(SECURITY_PATH, 303);
}

/** GET /account/security/app/remove */
export async function showRemoveApp(deps: AppDeps, c: PageContext): Promise<Response> {
  const isRequired = policyAcr(deps.config.secondFactor, signedInSession(c).user) !== undefined;
  return await confirmationPage(deps, c, {
    name: "remove_app",
    title: "Remove your authenticator app?",
    breadcrumbs: securityCrumbs,
    fields: {},
    confirm: "Remove app",
    cancelPath: SECURITY_PATH,
    children: (
      <>
        <p>
          Its codes stop working, and without another second factor your recovery codes too. You
          then sign in without a second factor.
        </p>
        {isRequired && (
          <p>
            This server requires a second factor: without another one, you have to set one up at
            your next sign-in.
          </p>
        )}
      </>
    ),
  });
}

/** POST /account/security/app/remove */
export async function submitRemoveApp(deps: AppDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  await removeTotp(deps, { user, address: c.get("requester").address });
  setNotice(deps, c, { code: "app_removed", text: "Your authenticator app was removed." });
  return c.redirect(SECURITY_PATH, 303);
}

/** Only the browser that has started an enrollment sees its secret and confirms it. */
function holderOf({ id }: Session): string {
  return `session ${id}`;
}

function startAgain(deps: AppDeps, c: PageContext): Response {
  setNotice(deps, c, {
    code: "setup_expired",
    text: "The key has expired. Set up the app again, with a new key.",
    problem: true,
  });
  return c.redirect(SECURITY_PATH, 303);
}

async function appPage(
  deps: AppDeps,
  c: PageContext,
  problems: readonly FormProblem[],
): Promise<Response> {
  const session = signedInSession(c);
  const setup = await showTotpEnrollment(deps, { holder: holderOf(session), user: session.user });
  if (setup === undefined) return startAgain(deps, c);
  return await formPage(deps, c, {
    name: "set_up_app",
    title: "Set up an authenticator app",
    breadcrumbs: securityCrumbs,
    intro: <TotpSetup uri={setup.uri} setupKey={setup.key} />,
    fields: <FirstCodeField problems={problems} />,
    submit: "Set up",
    cancelPath: SECURITY_PATH,
  }, { problems });
}
