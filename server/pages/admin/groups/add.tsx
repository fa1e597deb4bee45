import { addGroup } from "../../../admin/group_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { administrator } from "../administrator.ts";
import { readSettings, SettingFields } from "./form.tsx";
import { groupPath, GROUPS_CRUMB, GROUPS_PATH } from "./paths.ts";

/** GET /admin/groups/add */
export async function showAddGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  return await addGroupPage(deps, c, {});
}

/** POST /admin/groups/add. Its name keeps a form that is sent twice from adding a second one. */
export async function submitAddGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const name = form("name")?.trim() ?? "";
  const { description, from } = readSettings(form);
  const added = await addGroup(administrator(deps, c), {
    name,
    description: description ?? undefined,
    from: from === null ? undefined : [...from],
  });
  if (added instanceof DomainError) {
    return await addGroupPage(deps, c, { form, problems: [toFormProblem(added)] });
  }
  setNotice(deps, c, { code: "group_added", text: `Added the group ${name}.` });
  return c.redirect(groupPath("show", name), 303);
}

async function addGroupPage(
  deps: PageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  return await formPage(deps, c, {
    name: "add_group",
    title: "Add group",
    breadcrumbs: [GROUPS_CRUMB],
    fields: (
      <>
        <TextField
          id="name"
          label="Name"
          hint="As scopes name it, such as deployers. It cannot be changed later."
          problems={problems}
          required
          maxlength={64}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          autofocus={problems.length === 0}
          value={form?.("name") ?? ""}
        />
        <SettingFields settings={{ description: null, from: null }} {...submitted} />
      </>
    ),
    submit: "Add group",
    cancelPath: GROUPS_PATH,
  }, submitted);
}
