import type { Crumb } from "../../ui/breadcrumbs.tsx";

export const DIRECTORIES_PATH = "/admin/directories";

export const DIRECTORIES_CRUMB: Crumb = { path: DIRECTORIES_PATH, label: "Directories" };

/** A page about one directory. The name is in the query, since one may be called "add". */
export type DirectoryPage = "show" | "edit" | "rotate" | "disable" | "enable" | "remove";

export function directoryPath(page: DirectoryPage, name: string): string {
  return `${DIRECTORIES_PATH}/${page}?${new URLSearchParams({ directory: name })}`;
}

export function directoryCrumbs(name: string): Crumb[] {
  return [DIRECTORIES_CRUMB, { path: directoryPath("show", name), label: name }];
}
