import type { Crumb } from "../../ui/breadcrumbs.tsx";

export const RESOURCES_PATH = "/admin/resources";

export const RESOURCES_CRUMB: Crumb = { path: RESOURCES_PATH, label: "Resources" };

/** A page about one resource. The name is in the query, since a resource may be called "add". */
export function resourcePath(page: "show" | "edit" | "remove", name: string): string {
  return `${RESOURCES_PATH}/${page}?${new URLSearchParams({ resource: name })}`;
}

export function resourceCrumbs(name: string): Crumb[] {
  return [RESOURCES_CRUMB, { path: resourcePath("show", name), label: name }];
}
