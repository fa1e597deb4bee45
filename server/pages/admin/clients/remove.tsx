import { formatDuration } from "../../../../shared/duration.ts";
import { removeClient } from "../../../admin/client_operations.ts";
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
import { findClient } from "./find_client.tsx";
import { clientCrumbs, clientPath, CLIENTS_PATH } from "./paths.ts";

/** GET /admin/clients/remove?client=… */
export async function showRemoveClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const client = await findClient(deps, c, c.get("query")("client"));
  if (client instanceof Response) return client;
  if (client.id === commandLineClient.id) return builtInClient(deps, c);
  const belongings = await countClientBelongings(deps.sql, client.id, new Date(deps.clock.now()));
  const lifetime = client.accessTokenLifetime ?? deps.config.accessTokenLifetime;
  return await confirmationPage(deps, c, {
    name: "remove_client",
    title: "Remove this client?",
    breadcrumbs: clientCrumbs(client),
    fields: { client: client.id },
    confirm: "Remove client",
    cancelPath: clientPath("show", client.id),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={client.name} max={100} />
          </strong>{" "}
          (<code>{client.id}</code>)
        </p>
        <RemovalEffects client={client} belongings={belongings} lifetime={lifetime} />
        <p>
          This cannot be undone. To stop the client for a while,{" "}
          <a href={clientPath("disable", client.id)}>disable it</a> instead.
        </p>
      </>
    ),
  });
}

function RemovalEffects(
  { client, belongings: { logins, users }, lifetime }: {
    client: ListedClient;
    belongings: ClientBelongings;
    lifetime: number;
  },
) {
  return (
    <ul>
      {logins > 0 && (
        <li>
          {formatCount(logins, "login")} of {formatCount(users, "user")}{" "}
          {logins === 1 ? "is" : "are"}{" "}
          revoked. Their users have to log in again, with another client.
        </li>
      )}
      {client.grants.length > 0 && (
        <li>
          {logins === 0 && "It has no active logins. "}
          New logins and exchanges are rejected. Its access tokens are rejected within a second
          where they are introspected or checked at{" "}
          <code>/auth/verify</code>; APIs that only verify their signature accept them until they
          expire, at most {formatDuration(lifetime)}.
        </li>
      )}
      {client.secretHash !== undefined && (
        <li>
          Its secret stops working: a service that introspects tokens with it rejects all of them.
        </li>
      )}
    </ul>
  );
}

/** POST /admin/clients/remove */
export async function submitRemoveClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const client = await findClient(deps, c, c.get("form")("client"));
  if (client instanceof Response) return client;
  if (client.id === commandLineClient.id) return builtInClient(deps, c);
  const { id } = client;
  const removed = await removeClient(administrator(deps, c), { id });
  deps.tokenValidator.invalidate(`client:${id}`);
  const logins = removed instanceof DomainError ? 0 : removed.loginsRevoked;
  setNotice(deps, c, {
    code: "client_removed",
    text: `Removed ${client.name}.${
      logins === 0 ? "" : ` ${formatCount(logins, "login")} revoked.`
    }`,
  });
  return c.redirect(CLIENTS_PATH, 303);
}

function builtInClient(deps: PageDeps, c: PageContext): Response {
  setNotice(deps, c, {
    code: "client_built_in",
    text: "The built-in command line cannot be removed. Disable it instead.",
    problem: true,
  });
  return c.redirect(clientPath("show", commandLineClient.id), 303);
}
