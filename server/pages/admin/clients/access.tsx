import { brand } from "../../../../shared/brand.ts";
import { setClientDisabled } from "../../../admin/client_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { type ClientBelongings, countClientBelongings } from "../../../store/client_belongings.ts";
import { commandLineClient, type ListedClient } from "../../../store/clients.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { clientNotFound, findClient } from "./find_client.tsx";
import { clientCrumbs, clientPath, CLIENTS_PATH } from "./paths.ts";

/** GET /admin/clients/disable?client=… and /admin/clients/enable?client=… */
export async function showClientAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const client = await findClient(deps, c, c.get("query")("client"));
  if (client instanceof Response) return client;
  const disabling = isDisabling(c);
  const belongings = await countClientBelongings(deps.sql, client.id, new Date(deps.clock.now()));
  return await confirmationPage(deps, c, {
    name: disabling ? "disable_client" : "enable_client",
    title: disabling ? "Disable this client?" : "Enable this client?",
    breadcrumbs: clientCrumbs(client),
    fields: { client: client.id },
    confirm: disabling ? "Disable client" : "Enable client",
    harmless: !disabling,
    cancelPath: clientPath("show", client.id),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={client.name} max={100} />
          </strong>{" "}
          (<code>{client.id}</code>)
        </p>
        {disabling ? <DisablingEffects client={client} belongings={belongings} /> : (
          <p>
            It works again at once
            {belongings.logins > 0 && `, with its ${formatCount(belongings.logins, "login")}`}.
          </p>
        )}
      </>
    ),
  });
}

function DisablingEffects(
  { client, belongings: { logins, users } }: {
    client: ListedClient;
    belongings: ClientBelongings;
  },
) {
  return (
    <>
      {client.id === commandLineClient.id && (
        <p class="alert">
          This is the command line of this server. No one can use <code>{brand.binaryName}</code>
          {" "}
          with this server until you enable it again, including you.
        </p>
      )}
      <ul>
        {client.grants.length > 0 && <li>Users can no longer log in with it.</li>}
        {logins > 0 && (
          <li>
            {formatCount(logins, "login")} of {formatCount(users, "user")}{" "}
            {logins === 1 ? "stops" : "stop"} working until you enable the client again.
          </li>
        )}
        {client.secretHash !== undefined && (
          <li>It can no longer introspect tokens, so the service that it is rejects them all.</li>
        )}
      </ul>
      {client.grants.length > 0 && (
        <p>
          APIs that only verify the signature of its access tokens accept those that were issued
          until they expire.
        </p>
      )}
    </>
  );
}

/** POST /admin/clients/disable and /admin/clients/enable */
export async function submitClientAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const client = await findClient(deps, c, c.get("form")("client"));
  if (client instanceof Response) return client;
  const disabled = isDisabling(c);
  const { id } = client;
  const changed = await setClientDisabled(administrator(deps, c), { id, disabled });
  if (changed instanceof DomainError) return await clientNotFound(deps, c);
  deps.tokenValidator.invalidate(`client:${id}`);
  setNotice(
    deps,
    c,
    disabled
      ? { code: "client_disabled", text: `Disabled ${changed.name}.` }
      : { code: "client_enabled", text: `Enabled ${changed.name}.` },
  );
  return c.redirect(clientPath("show", id), 303);
}

function isDisabling(c: PageContext): boolean {
  return c.req.path === `${CLIENTS_PATH}/disable`;
}
