import type { MembershipSource } from "../store/group_members.ts";
import { LOCAL } from "../store/groups.ts";

/** Where a membership comes from, as commands and pages say it. */
export function describeSource({ source, group }: MembershipSource): string {
  return source === LOCAL ? "added here" : `${directoryOf(source)}:${group}`;
}

/** The name of the directory of `idp:okta` or `scim:okta`. */
export function directoryOf(source: string): string {
  return source.slice(source.indexOf(":") + 1);
}
