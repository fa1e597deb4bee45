import { addResource } from "../../../admin/resource_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { administrator } from "../administrator.ts";
import { RESOURCE_FIELD_IDS, resourceFormPage } from "./form.tsx";
import { resourcePath, RESOURCES_CRUMB, RESOURCES_PATH } from "./paths.ts";
import { readSettings } from "./read_settings.ts";

/** GET /admin/resources/add */
export async function showAddResource(deps: PageDeps, c: PageContext): Promise<Response> {
  return await addResourcePage(deps, c, {});
}

/** POST /admin/resources/add. Its name keeps a form that is sent twice from adding a second one. */
export async function submitAddResource(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const name = form("name")?.trim() ?? "";
  const settings = readSettings(form, []);
  const added = settings instanceof DomainError ? settings : await addResource(
    administrator(deps, c),
    { ...settings, name, identifier: form("identifier")?.trim() ?? "" },
  );
  if (added instanceof DomainError) {
    const problems = [toFormProblem(added, RESOURCE_FIELD_IDS)];
    return await addResourcePage(deps, c, { form, problems });
  }
  await deps.tokenValidator.reloadCatalog();
  setNotice(deps, c, {
    code: "resource_added",
    text: `Added ${added.title ?? name}. Programs request tokens for it with ` +
      `resource=${added.identifier}.`,
  });
  return c.redirect(resourcePath("show", name), 303);
}

async function addResourcePage(
  deps: PageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  return await resourceFormPage(deps, c, {
    name: "add_resource",
    title: "Add resource",
    breadcrumbs: [RESOURCES_CRUMB],
    resource: { scopes: [], claims: [] },
    identity: (
      <>
        <TextField
          id="name"
          label="Name"
          hint="For commands and the settings of proxies, such as orders. It cannot be changed later."
          problems={problems}
          required
          maxlength={64}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          autofocus={problems.length === 0}
          value={form?.("name") ?? ""}
        />
        <TextField
          id="identifier"
          label="Identifier"
          hint="The https URL of the API, which is the audience (aud) of its tokens. It cannot be changed later: logins that users approved for it would be for another API."
          problems={problems}
          required
          maxlength={200}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          placeholder="https://orders.example.com"
          value={form?.("identifier") ?? ""}
        />
      </>
    ),
    submit: "Add resource",
    cancelPath: RESOURCES_PATH,
  }, submitted);
}
