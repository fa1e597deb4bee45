import { DomainError } from "../../../domain_error.ts";
import { type OptionsDeps, registrationOptions } from "../../../passkeys/options.ts";
import { type RegisterDeps, registerPasskey } from "../../../passkeys/register.ts";
import { SECURITY_PATH, securityCrumbs } from "../security/paths.ts";
import { findSecondFactors } from "../../../store/second_factors.ts";
import { MAX_NAME_LENGTH } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { errorPage } from "../../http/error_page.tsx";
import type { FormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import { type RenderDeps, renderPage } from "../../render.tsx";
import { ErrorSummary, formTitle } from "../../ui/form_field.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { browserTokenOf, CREDENTIAL_FIELD, PasskeyForm, passkeyProblem } from "./passkey_form.tsx";

export const ADD_PASSKEY_PATH = "/account/passkeys/add";

type AddPasskeyDeps = RenderDeps & OptionsDeps & RegisterDeps;

/** GET /account/passkeys/add */
export async function showAddPasskey(deps: AddPasskeyDeps, c: PageContext): Promise<Response> {
  return await addPage(deps, c, "", []);
}

/**
 * POST /account/passkeys/add: the challenge proves that the page was opened after a recent sign-in,
 * so this does not ask for another one, after which the browser would have a passkey that we do not.
 */
export async function submitAddPasskey(deps: AddPasskeyDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const name = form("name") ?? "";
  const added = await registerPasskey(deps, signedInSession(c).user.id, {
    credential: form(CREDENTIAL_FIELD),
    browserToken: c.get("browserToken"),
    name,
    ...c.get("requester"),
  });
  if (added instanceof DomainError) {
    return await addPage(deps, c, name, [passkeyProblem(added)]);
  }
  const { user } = signedInSession(c);
  const { recoveryCodes } = await findSecondFactors(deps.sql, user.id);
  const advice = user.passwordHash === undefined || recoveryCodes > 0
    ? ""
    : " After your password you need it too: create recovery codes below, in case you lose it.";
  setNotice(deps, c, {
    code: "passkey_added",
    text: `The passkey “${added.name}” was added. You can sign in with it from now on.${advice}`,
  });
  return c.redirect(SECURITY_PATH, 303);
}

async function addPage(
  deps: AddPasskeyDeps,
  c: PageContext,
  name: string,
  problems: readonly FormProblem[],
): Promise<Response> {
  const { user } = signedInSession(c);
  const options = await registrationOptions(deps, { user, browserToken: browserTokenOf(deps, c) });
  if (options === undefined) return await noPasskeys(deps, c);
  return await renderPage(deps, c, {
    name: "add_passkey",
    title: formTitle("Add a passkey", problems),
    breadcrumbs: securityCrumbs,
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>Add a passkey</h1>
        <ErrorSummary problems={problems} />
        <p>
          The browser asks where to keep the passkey: on this device, in a password manager, on your
          phone or on a security key. You sign in with it without a password.
        </p>
        <PasskeyForm
          deps={deps}
          c={c}
          ceremony="create"
          options={options}
          action={ADD_PASSKEY_PATH}
          fields={{}}
        >
          <TextField
            id="name"
            label="Name (optional)"
            hint="Leave it empty to name the passkey after the device or password manager."
            problems={problems}
            maxlength={MAX_NAME_LENGTH}
            autocomplete="off"
            value={name}
          />
          <div class="choice">
            <button class="main" type="submit">Add passkey</button>
            <a class="button" href={SECURITY_PATH}>Cancel</a>
          </div>
        </PasskeyForm>
        <noscript>
          <p class="warning">
            Passkeys need scripts. Allow scripts for this page and reload it. The other ways to sign
            in work without them.
          </p>
        </noscript>
      </main>
    ),
  });
}

async function noPasskeys(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "passkeys_unavailable",
    title: "Passkeys are not available",
    children: (
      <p>
        Browsers allow passkeys only on servers with a domain name and https. Ask your administrator
        to change the address of this server.
      </p>
    ),
  });
}
