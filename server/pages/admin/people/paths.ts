import type { Crumb } from "../../ui/breadcrumbs.tsx";
import { sanitizeLine } from "../../../../shared/sanitize.ts";

export const PEOPLE_PATH = "/admin/people";

export const PEOPLE_CRUMB: Crumb = { path: PEOPLE_PATH, label: "People" };

export function personPath(id: string): string {
  return `${PEOPLE_PATH}/${id}`;
}

/** A page about what can be done to one user; the user is in the query. */
export type PersonPage =
  | "access"
  | "address-link"
  | "delete"
  | "edit"
  | "offboard"
  | "password-link"
  | "reset-factors"
  | "revoke-login"
  | "sign-out";

export function personPagePath(
  page: PersonPage,
  userId: string,
  more: Readonly<Record<string, string>> = {},
): string {
  return `${PEOPLE_PATH}/${page}?${new URLSearchParams({ user: userId, ...more })}`;
}

export function personCrumbs(
  { id, name, email }: { id: string; name: string; email: string },
): Crumb[] {
  const label = sanitizeLine(name, 80) || sanitizeLine(email, 80);
  return [PEOPLE_CRUMB, { path: personPath(id), label }];
}
