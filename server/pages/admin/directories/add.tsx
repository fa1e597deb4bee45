import { addDirectory } from "../../../admin/directory_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { generateDirectoryToken } from "../../../tokens/directory_token.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { administrator } from "../administrator.ts";
import { DomainsField, readDomains } from "./fields.tsx";
import { DIRECTORIES_CRUMB, DIRECTORIES_PATH } from "./paths.ts";
import { directoryTokenPage } from "./token.tsx";

/** GET /admin/directories/add */
export async function showAddDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  return await addDirectoryPage(deps, c, {});
}

/** POST /admin/directories/add: connects the directory and responds with its token. */
export async function submitAddDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const { token, hash, prefix } = generateDirectoryToken();
  const added = await addDirectory(administrator(deps, c), {
    name: form("name")?.trim() ?? "",
    domains: readDomains(form),
    tokenHash: hash,
    tokenPrefix: prefix,
  });
  if (added instanceof DomainError) {
    return await addDirectoryPage(deps, c, { form, problems: [toFormProblem(added)] });
  }
  return await directoryTokenPage(deps, c, { directory: added, token });
}

async function addDirectoryPage(
  deps: PageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  return await formPage(deps, c, {
    name: "add_directory",
    title: "Connect directory",
    breadcrumbs: [DIRECTORIES_CRUMB],
    intro: (
      <p>
        The directory creates, changes and disables accounts of this server with a token, which you
        get when you have connected it.
      </p>
    ),
    fields: (
      <>
        <TextField
          id="name"
          label="Name"
          hint="Up to 64 letters, digits and _ . - such as okta. Groups are then called okta:Deployers. It cannot be changed later."
          problems={problems}
          required
          maxlength={64}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={form?.("name") ?? ""}
        />
        <DomainsField {...submitted} />
      </>
    ),
    submit: "Connect directory",
    cancelPath: DIRECTORIES_PATH,
  }, submitted);
}
