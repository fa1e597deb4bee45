import { addClient } from "../../../admin/client_operations.ts";
import { defaultGrants } from "../../../admin/client_policy.ts";
import { DomainError } from "../../../domain_error.ts";
import { findClient } from "../../../store/clients.ts";
import { generateClientSecret } from "../../../tokens/client_secret.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import { toFormProblem } from "../../http/form_problem.ts";
import {
  IdempotencyKey,
  idempotentClientId,
  MISSING_IDEMPOTENCY_KEY,
} from "../../http/idempotency.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { CLIENT_FIELD_IDS, clientFormPage } from "./form.tsx";
import { clientPath, CLIENTS_CRUMB, CLIENTS_PATH } from "./paths.ts";
import { policyChoices, readPolicy } from "./read_policy.ts";
import { clientSecretPage } from "./secret.tsx";

/** GET /admin/clients/add: which kind of client, then its settings. */
export async function showAddClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const type = c.get("query")("type");
  if (type === "public" || type === "confidential") {
    return await addClientPage(deps, c, type === "public", {});
  }
  return await clientTypePage(deps, c);
}

async function clientTypePage(deps: PageDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "client_type",
    title: "Add client",
    breadcrumbs: [CLIENTS_CRUMB],
    children: (
      <main class="wide">
        <h1>What do you add?</h1>
        <h2>A program on users’ machines</h2>
        <p>
          Such as your own command line. It logs users in and acts as them. Anyone can read what it
          contains, so it has no secret: a public client.
        </p>
        <p>
          <a class="button primary" href={`${CLIENTS_PATH}/add?type=public`}>Add a program</a>
        </p>
        <h2>A service</h2>
        <p>
          Such as an API that asks this server whether a token is valid. It gets a secret, which
          only the service may know: a confidential client.
        </p>
        <p>
          <a class="button primary" href={`${CLIENTS_PATH}/add?type=confidential`}>
            Add a service
          </a>
        </p>
      </main>
    ),
  });
}

/** POST /admin/clients/add: registers the client and responds with its secret if it has one. */
export async function submitAddClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const isPublic = form("type") === "public";
  const derivedId = idempotentClientId(deps, c);
  if (derivedId === undefined) {
    return await addClientPage(deps, c, isPublic, { form, problems: [MISSING_IDEMPOTENCY_KEY] });
  }
  const secret = isPublic ? undefined : generateClientSecret();
  const id = form("id")?.trim() || derivedId;
  const policy = readPolicy(form, policyChoices(deps.catalog, id));
  const added = policy instanceof DomainError
    ? policy
    : await addClient(administrator(deps, c), { ...policy, id, secretHash: secret?.hash });
  if (added instanceof DomainError) {
    if (added.code === "conflict" && id === derivedId) return await alreadyAddedPage(deps, c, id);
    const problems = [toFormProblem(added, CLIENT_FIELD_IDS)];
    return await addClientPage(deps, c, isPublic, { form, problems });
  }
  if (secret !== undefined) {
    return await clientSecretPage(deps, c, { client: added, secret: secret.secret });
  }
  setNotice(deps, c, {
    code: "client_added",
    text: `Registered ${added.name}. It can log users in with the client ID ${added.id}.`,
  });
  return c.redirect(clientPath("show", id), 303);
}

async function addClientPage(
  deps: PageDeps,
  c: PageContext,
  isPublic: boolean,
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  return await clientFormPage(deps, c, {
    name: "add_client",
    title: isPublic ? "Add a program" : "Add a service",
    breadcrumbs: [CLIENTS_CRUMB],
    intro: (
      <p>
        {isPublic
          ? "A program on users’ machines, such as your own command line. It has no secret."
          : "A service such as an API. You get its secret when you have added it."}
      </p>
    ),
    client: { name: "", grants: defaultGrants({ isPublic }) },
    choices: policyChoices(deps.catalog, form?.("id") ?? ""),
    identity: (
      <>
        <IdempotencyKey form={form} />
        <HiddenFields fields={{ type: isPublic ? "public" : "confidential" }} />
        <TextField
          id="id"
          label="Client ID (optional)"
          hint="2 to 64 lowercase letters, digits and . _ - such as acme-cli. If empty, the server chooses one. It cannot be changed later."
          problems={problems}
          maxlength={64}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={form?.("id") ?? ""}
        />
      </>
    ),
    submit: isPublic ? "Add program" : "Add service",
    cancelPath: CLIENTS_PATH,
  }, submitted);
}

/** The response to a form that was submitted again. */
async function alreadyAddedPage(deps: PageDeps, c: PageContext, id: string): Promise<Response> {
  const client = await findClient(deps.sql, id);
  return await errorPage(deps, c, {
    code: "conflict",
    id: "already_created",
    title: "Client already added",
    children: (
      <>
        <p>
          The same form was submitted twice, and no second client was added. See{" "}
          <a href={clientPath("show", id)}>
            <UntrustedText text={client?.name ?? id} max={100} />
          </a>.
        </p>
        {client?.secretHash !== undefined && (
          <p>
            Its secret cannot be shown again, because the server stores only a hash of it. If you
            did not copy it, <a href={clientPath("rotate", id)}>rotate the secret</a>{" "}
            to get a new one.
          </p>
        )}
      </>
    ),
  });
}
