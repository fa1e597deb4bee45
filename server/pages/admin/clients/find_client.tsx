import { findClient as findStoredClient, type ListedClient } from "../../../store/clients.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import type { PageDeps } from "../../http/page_route.ts";
import { CLIENTS_PATH } from "./paths.ts";

/** The client with this id, or the error page. */
export async function findClient(
  deps: PageDeps,
  c: PageContext,
  id: string | undefined,
): Promise<ListedClient | Response> {
  const client = id === undefined ? undefined : await findStoredClient(deps.sql, id);
  return client ?? await clientNotFound(deps, c);
}

export async function clientNotFound(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "not_found",
    id: "client_not_found",
    title: "Client not found",
    children: (
      <p>
        There is no such client; it may have been removed.{" "}
        <a href={CLIENTS_PATH}>View all clients</a>
      </p>
    ),
  });
}
