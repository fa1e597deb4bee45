import { changeName } from "../../../account/change_name.ts";
import { MAX_NAME_LENGTH } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { ACCOUNT_CRUMB, ACCOUNT_PATH } from "./paths.ts";

/** GET /account/name */
export async function showChangeName(deps: PageDeps, c: PageContext): Promise<Response> {
  return await namePage(deps, c, signedInSession(c).user.name, []);
}

/** POST /account/name */
export async function submitChangeName(deps: PageDeps, c: PageContext): Promise<Response> {
  const name = (c.get("form")("name") ?? "").trim();
  const { address } = c.get("requester");
  const refusal = await changeName(deps, { userId: signedInSession(c).user.id, name, address });
  if (refusal !== undefined) return await namePage(deps, c, name, [toFormProblem(refusal)]);
  setNotice(deps, c, { code: "name_changed", text: "Your name was changed." });
  return c.redirect(ACCOUNT_PATH, 303);
}

async function namePage(
  deps: PageDeps,
  c: PageContext,
  name: string,
  problems: readonly FormProblem[],
): Promise<Response> {
  return await formPage(deps, c, {
    name: "change_name",
    title: "Change your name",
    breadcrumbs: [ACCOUNT_CRUMB],
    fields: (
      <TextField
        id="name"
        label="Name"
        hint="Administrators see it, and applications that you allow to."
        problems={problems}
        autocomplete="name"
        required
        maxlength={MAX_NAME_LENGTH * 4}
        value={name}
      />
    ),
    submit: "Save",
    cancelPath: ACCOUNT_PATH,
  }, { problems });
}
