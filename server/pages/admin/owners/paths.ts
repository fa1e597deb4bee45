import type { Crumb } from "../../ui/breadcrumbs.tsx";
import type { Owned } from "../../../store/owners.ts";

export const OWNERS_PATH = "/admin/owners";

export const OWNERS_CRUMBS: Crumb[] = [
  { path: "/admin/people", label: "People" },
  { path: OWNERS_PATH, label: "Owners" },
];

/** Where the owner of something is changed. */
export function ownerPath({ kind, name }: Owned): string {
  return `${OWNERS_PATH}/change?${new URLSearchParams({ kind, name })}`;
}
