import { updateClient } from "../../../admin/client_operations.ts";
import { clientVersion } from "../../../admin/client_version.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ListedClient } from "../../../store/clients.ts";
import { managingFile } from "../../../store/managed_file.ts";
import type { PageContext } from "../../context.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { administrator } from "../administrator.ts";
import { findClient } from "./find_client.tsx";
import { CLIENT_FIELD_IDS, clientFormPage } from "./form.tsx";
import { clientCrumbs, clientPath } from "./paths.ts";
import { policyChanges, policyChoices, readPolicy } from "./read_policy.ts";

const CHANGED_MEANWHILE: FormProblem = {
  code: "conflict",
  message: "The client was changed in the meantime, so nothing was saved. The form shows its " +
    "present settings. Change them again.",
};

/** GET /admin/clients/edit?client=… */
export async function showEditClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const client = await findClient(deps, c, c.get("query")("client"));
  return client instanceof Response ? client : await editClientPage(deps, c, client, {});
}

/** POST /admin/clients/edit */
export async function submitEditClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const client = await findClient(deps, c, form("client"));
  if (client instanceof Response) return client;
  const { id } = client;
  const policy = readPolicy(form, policyChoices(deps.catalog, id));
  const changes = policy instanceof DomainError ? {} : policyChanges(client, policy);
  const isUnchanged = Object.keys(changes).length === 0;
  const version = form("version") ?? "";
  const updated = policy instanceof DomainError
    ? policy
    : isUnchanged && version === clientVersion(client)
    ? client
    : await updateClient(administrator(deps, c), { id, changes, version });
  if (updated instanceof DomainError && updated.code === "conflict") {
    const changed = await findClient(deps, c, id);
    if (changed instanceof Response) return changed;
    return await editClientPage(deps, c, changed, { problems: [CHANGED_MEANWHILE] });
  }
  if (updated instanceof DomainError) {
    const problems = [toFormProblem(updated, CLIENT_FIELD_IDS)];
    return await editClientPage(deps, c, client, { form, problems });
  }
  deps.tokenValidator.invalidate(`client:${id}`);
  setNotice(
    deps,
    c,
    isUnchanged
      ? { code: "client_unchanged", text: "Nothing was changed." }
      : { code: "client_changed", text: `Changed ${updated.name}.` },
  );
  return c.redirect(clientPath("show", id), 303);
}

async function editClientPage(
  deps: PageDeps,
  c: PageContext,
  client: ListedClient,
  submitted: SubmittedForm,
): Promise<Response> {
  // A form that is shown again has the version of its own values, not of the client's present ones.
  const version = submitted.form?.("version") ?? clientVersion(client);
  return await clientFormPage(deps, c, {
    name: "edit_client",
    title: "Edit client",
    breadcrumbs: clientCrumbs(client),
    intro: (
      <p>
        Limits also apply to the logins and tokens that it has: within a second where they are
        introspected or checked at <code>/auth/verify</code>, and at the next renewal elsewhere.
      </p>
    ),
    client,
    choices: policyChoices(deps.catalog, client.id),
    identity: <HiddenFields fields={{ client: client.id, version }} />,
    managedBy: managingFile(client),
    submit: "Save changes",
    cancelPath: clientPath("show", client.id),
  }, submitted);
}
