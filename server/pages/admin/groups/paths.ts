import type { Crumb } from "../../ui/breadcrumbs.tsx";

export const GROUPS_PATH = "/admin/groups";
export const ACCESS_PATH = "/admin/access";

export const GROUPS_CRUMB: Crumb = { path: GROUPS_PATH, label: "Groups" };

export type GroupPage = "show" | "edit" | "remove" | "add-member" | "remove-member";

/** A page about one group. The name is in the query, since a group may be called "add". */
export function groupPath(
  page: GroupPage,
  name: string,
  more: Readonly<Record<string, string>> = {},
): string {
  return `${GROUPS_PATH}/${page}?${new URLSearchParams({ group: name, ...more })}`;
}

export function groupCrumbs(name: string): Crumb[] {
  return [GROUPS_CRUMB, { path: groupPath("show", name), label: name }];
}

/** The page that says whether a user can have a scope, with its form filled in. */
export function accessPath(query: { user?: string; scope?: string }): string {
  return `${ACCESS_PATH}?${new URLSearchParams(query)}`;
}
