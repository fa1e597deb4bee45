import { DomainError } from "../../../domain_error.ts";
import { renamePasskey } from "../../../passkeys/manage.ts";
import { SECURITY_PATH, securityCrumbs } from "../security/paths.ts";
import { findPasskey, type Passkey } from "../../../store/passkeys.ts";
import { MAX_NAME_LENGTH } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { RenderDeps } from "../../render.tsx";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";

type RenamePasskeyDeps = RenderDeps & Parameters<typeof renamePasskey>[0];

/** GET /account/passkeys/rename?passkey=… */
export async function showRenamePasskey(
  deps: RenamePasskeyDeps,
  c: PageContext,
): Promise<Response> {
  const passkey = await findOwnPasskey(deps, c, c.get("query")("passkey"));
  if (passkey === undefined) return alreadyRemoved(deps, c);
  return await renamePage(deps, c, passkey, {});
}

/** POST /account/passkeys/rename */
export async function submitRenamePasskey(
  deps: RenamePasskeyDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const passkey = await findOwnPasskey(deps, c, form("passkey"));
  if (passkey === undefined) return alreadyRemoved(deps, c);
  const name = await renamePasskey(deps, {
    id: passkey.id,
    userId: passkey.userId,
    name: form("name") ?? "",
    address: c.get("requester").address,
  });
  if (name instanceof DomainError) {
    return name.code === "not_found"
      ? alreadyRemoved(deps, c)
      : await renamePage(deps, c, passkey, { form, problems: [toFormProblem(name)] });
  }
  setNotice(deps, c, { code: "passkey_renamed", text: `The passkey is now called “${name}”.` });
  return c.redirect(SECURITY_PATH, 303);
}

async function renamePage(
  deps: RenderDeps,
  c: PageContext,
  { id, name }: Passkey,
  { form, problems = [] }: SubmittedForm,
): Promise<Response> {
  return await formPage(deps, c, {
    name: "rename_passkey",
    title: "Rename passkey",
    breadcrumbs: securityCrumbs,
    fields: (
      <>
        <HiddenFields fields={{ passkey: id }} />
        <TextField
          id="name"
          label="Name"
          hint="Only you see it."
          problems={problems}
          required
          maxlength={MAX_NAME_LENGTH}
          autocomplete="off"
          value={form === undefined ? name : form("name") ?? ""}
        />
      </>
    ),
    submit: "Rename passkey",
    cancelPath: SECURITY_PATH,
  }, { problems });
}

export async function findOwnPasskey(
  { sql }: Pick<RenamePasskeyDeps, "sql">,
  c: PageContext,
  id: string | undefined,
): Promise<Passkey | undefined> {
  if (id === undefined) return undefined;
  return await findPasskey(sql, { id, userId: signedInSession(c).user.id });
}

export function alreadyRemoved(deps: RenderDeps, c: PageContext): Response {
  const text = "Your account has no such passkey. It may have been removed already.";
  setNotice(deps, c, { code: "passkey_removed_already", text, problem: true });
  return c.redirect(SECURITY_PATH, 303);
}
