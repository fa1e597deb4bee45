import { type DirectoryView, updateDirectory } from "../../../admin/directory_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { administrator } from "../administrator.ts";
import { DomainsField, readDomains } from "./fields.tsx";
import { directoryNotFound, findDirectory } from "./find_directory.tsx";
import { directoryCrumbs, directoryPath } from "./paths.ts";

/** GET /admin/directories/edit?directory=… */
export async function showEditDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("query")("directory"));
  return directory instanceof Response ? directory : await editPage(deps, c, directory, {});
}

/** POST /admin/directories/edit */
export async function submitEditDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const directory = await findDirectory(deps, c, form("directory"));
  if (directory instanceof Response) return directory;
  const { name } = directory;
  const updated = await updateDirectory(administrator(deps, c), {
    name,
    domains: readDomains(form),
  });
  if (updated instanceof DomainError) {
    if (updated.code === "not_found") return await directoryNotFound(deps, c);
    return await editPage(deps, c, directory, { form, problems: [toFormProblem(updated)] });
  }
  setNotice(deps, c, { code: "directory_changed", text: `Changed ${name}.` });
  return c.redirect(directoryPath("show", name), 303);
}

async function editPage(
  deps: PageDeps,
  c: PageContext,
  { name, domains, managedBy }: DirectoryView,
  submitted: SubmittedForm,
): Promise<Response> {
  return await formPage(deps, c, {
    name: "edit_directory",
    title: "Edit directory",
    breadcrumbs: directoryCrumbs(name),
    intro: <p>Accounts that the directory has already stay with it, whatever their domain.</p>,
    fields: (
      <>
        <HiddenFields fields={{ directory: name }} />
        <DomainsField domains={domains} {...submitted} />
      </>
    ),
    managedBy,
    submit: "Save changes",
    cancelPath: directoryPath("show", name),
  }, submitted);
}
