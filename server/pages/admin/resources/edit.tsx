import { updateResource } from "../../../admin/resource_operations.ts";
import { resourceVersion } from "../../../admin/resource_version.ts";
import { DomainError } from "../../../domain_error.ts";
import { findStoredResource, type StoredResource } from "../../../store/resources.ts";
import { managingFile } from "../../../store/managed_file.ts";
import type { PageContext } from "../../context.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { Fact } from "../../ui/facts.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { administrator } from "../administrator.ts";
import { findChangeableResource } from "./find_resource.tsx";
import { RESOURCE_FIELD_IDS, resourceFormPage } from "./form.tsx";
import { resourceCrumbs, resourcePath } from "./paths.ts";
import { readSettings, settingChanges } from "./read_settings.ts";

const CHANGED_MEANWHILE: FormProblem = {
  code: "conflict",
  message: "The resource was changed in the meantime, so nothing was saved. The form shows its " +
    "present settings. Change them again.",
};

/** GET /admin/resources/edit?resource=… */
export async function showEditResource(deps: PageDeps, c: PageContext): Promise<Response> {
  const resource = await findToEdit(deps, c, c.get("query")("resource"));
  return resource instanceof Response ? resource : await editResourcePage(deps, c, resource, {});
}

/** POST /admin/resources/edit */
export async function submitEditResource(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const resource = await findToEdit(deps, c, form("resource"));
  if (resource instanceof Response) return resource;
  const { name } = resource;
  const version = form("version") ?? "";
  const settings = readSettings(form, resource.scopes);
  const changes = settings instanceof DomainError ? {} : settingChanges(resource, settings);
  const isUnchanged = Object.keys(changes).length === 0;
  const updated = settings instanceof DomainError
    ? settings
    : isUnchanged && version === resourceVersion(resource)
    ? resource
    : await updateResource(administrator(deps, c), { name, changes, version });
  if (updated instanceof DomainError && updated.code === "conflict") {
    const changed = await findToEdit(deps, c, name);
    if (changed instanceof Response) return changed;
    return await editResourcePage(deps, c, changed, { problems: [CHANGED_MEANWHILE] });
  }
  if (updated instanceof DomainError) {
    const problems = [toFormProblem(updated, RESOURCE_FIELD_IDS)];
    return await editResourcePage(deps, c, resource, { form, problems });
  }
  await deps.tokenValidator.reloadCatalog();
  setNotice(
    deps,
    c,
    isUnchanged
      ? { code: "resource_unchanged", text: "Nothing was changed." }
      : { code: "resource_changed", text: `Changed ${updated.title ?? name}.` },
  );
  return c.redirect(resourcePath("show", name), 303);
}

/** The row, or the response for a resource that is not in the database. */
async function findToEdit(
  deps: PageDeps,
  c: PageContext,
  name: string | undefined,
): Promise<StoredResource | Response> {
  const listed = await findChangeableResource(deps, c, name);
  if (listed instanceof Response) return listed;
  const stored = await findStoredResource(deps.sql, listed.name);
  return stored ?? c.redirect(resourcePath("show", listed.name), 303);
}

async function editResourcePage(
  deps: PageDeps,
  c: PageContext,
  resource: StoredResource,
  submitted: SubmittedForm,
): Promise<Response> {
  const { name, identifier } = resource;
  // A form that is shown again has the version of its own values, not the present one.
  const version = submitted.form?.("version") ?? resourceVersion(resource);
  return await resourceFormPage(deps, c, {
    name: "edit_resource",
    title: "Edit resource",
    breadcrumbs: resourceCrumbs(name),
    resource,
    identity: (
      <>
        <HiddenFields fields={{ resource: name, version }} />
        <dl>
          <Fact name="Name">
            <code>{name}</code>
          </Fact>
          <Fact name="Identifier">
            <code>{identifier}</code>
            <p class="hint">
              Cannot be changed: logins and tokens that users approved for it would be for another
              API. Add a resource with the new identifier, and remove this one.
            </p>
          </Fact>
        </dl>
      </>
    ),
    managedBy: managingFile(resource),
    submit: "Save changes",
    cancelPath: resourcePath("show", name),
  }, submitted);
}
