import { rotateSecret } from "../../../admin/client_operations.ts";
import { clientVersion } from "../../../admin/client_version.ts";
import { MAX_OVERLAP_SECONDS } from "../../../../shared/tokens/limits.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ListedClient } from "../../../store/clients.ts";
import { generateClientSecret } from "../../../tokens/client_secret.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { OverlapField, readOverlap } from "../../ui/overlap_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findClient } from "./find_client.tsx";
import { clientCrumbs, clientPath } from "./paths.ts";
import { clientSecretPage } from "./secret.tsx";

const INVALID_OVERLAP: FormProblem = {
  code: "invalid",
  message: "Select how long the previous secret works.",
  fields: ["overlap"],
};

/** GET /admin/clients/rotate?client=… */
export async function showRotateSecret(deps: PageDeps, c: PageContext): Promise<Response> {
  const client = await findClient(deps, c, c.get("query")("client"));
  if (client instanceof Response) return client;
  if (client.secretHash === undefined) return c.redirect(clientPath("show", client.id), 303);
  return await rotateSecretPage(deps, c, client, {});
}

/**
 * POST /admin/clients/rotate: responds with the new secret. The form has the client's version, so
 * that reloading the page does not rotate again and end the secret that was just copied.
 */
export async function submitRotateSecret(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const client = await findClient(deps, c, form("client"));
  if (client instanceof Response) return client;
  const { id } = client;
  const overlapSeconds = readOverlap(form);
  const isValid = Number.isInteger(overlapSeconds) && overlapSeconds >= 0 &&
    overlapSeconds <= MAX_OVERLAP_SECONDS;
  if (!isValid) {
    return await rotateSecretPage(deps, c, client, { form, problems: [INVALID_OVERLAP] });
  }
  const secret = generateClientSecret();
  const rotated = await rotateSecret(administrator(deps, c), {
    id,
    secretHash: secret.hash,
    overlapSeconds,
    version: form("version") ?? "",
  });
  if (rotated instanceof DomainError) {
    if (rotated.code === "conflict") return await alreadyRotatedPage(deps, c, client);
    return await errorPage(deps, c, toPageError(rotated));
  }
  deps.tokenValidator.invalidate(`client:${id}`);
  return await clientSecretPage(deps, c, {
    client: rotated,
    secret: secret.secret,
    isRotated: true,
  });
}

async function rotateSecretPage(
  deps: PageDeps,
  c: PageContext,
  client: ListedClient,
  submitted: SubmittedForm,
): Promise<Response> {
  return await formPage(deps, c, {
    name: "rotate_secret",
    title: "Rotate secret",
    breadcrumbs: clientCrumbs(client),
    intro: (
      <>
        <p>
          <strong>
            <UntrustedText text={client.name} max={100} />
          </strong>{" "}
          (<code>{client.id}</code>) gets a new secret.
        </p>
        {client.previousSecret !== undefined &&
          client.previousSecret.expiresAt.getTime() > deps.clock.now() && (
          <p class="warning" id="earlier-secret">
            The secret before the present one still works. It stops working at once: two secrets
            overlap, not three.
          </p>
        )}
      </>
    ),
    fields: (
      <>
        <HiddenFields fields={{ client: client.id, version: clientVersion(client) }} />
        <OverlapField label="Previous secret" {...submitted} />
      </>
    ),
    submit: "Rotate secret",
    cancelPath: clientPath("show", client.id),
  }, submitted);
}

async function alreadyRotatedPage(
  deps: PageDeps,
  c: PageContext,
  client: ListedClient,
): Promise<Response> {
  return await errorPage(deps, c, {
    code: "conflict",
    id: "already_rotated",
    title: "Secret not rotated",
    children: (
      <>
        <p>
          The same form was submitted twice, or the client was changed in the meantime. Nothing was
          changed this time.
        </p>
        <p>
          If you did not copy the present secret of{" "}
          <a href={clientPath("show", client.id)}>
            <UntrustedText text={client.name} max={100} />
          </a>, <a href={clientPath("rotate", client.id)}>rotate it again</a>.
        </p>
      </>
    ),
  });
}
