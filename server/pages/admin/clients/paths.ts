import type { Crumb } from "../../ui/breadcrumbs.tsx";

export const CLIENTS_PATH = "/admin/clients";

export const CLIENTS_CRUMB: Crumb = { path: CLIENTS_PATH, label: "Clients" };

/** A page about one client. The id is in the query, since a client may be called "add". */
export type ClientPage = "show" | "edit" | "rotate" | "disable" | "enable" | "remove";

export function clientPath(page: ClientPage, id: string): string {
  return `${CLIENTS_PATH}/${page}?${new URLSearchParams({ client: id })}`;
}

export function clientCrumbs({ id, name }: { id: string; name: string }): Crumb[] {
  return [CLIENTS_CRUMB, { path: clientPath("show", id), label: name }];
}
