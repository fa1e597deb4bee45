import { MANAGEMENT_SCOPES, type ManagementPermission, permits } from "../../shared/management.ts";
import { DomainError } from "../domain_error.ts";
import type { User } from "../store/users.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";

/** Returns why the approval behind a token does not cover `permission`; undefined if it does. */
export function checkPermission(
  presented: Pick<ValidatedToken, "scopes">,
  permission: ManagementPermission,
): DomainError | undefined {
  if (permits(presented.scopes, permission)) return undefined;
  const scope = MANAGEMENT_SCOPES[permission];
  return new DomainError(
    "insufficient_scope",
    `The approval does not cover ${scope}. Request one that does.`,
    { scopes: [scope] },
  );
}

/** Administrators need an approval for administration as well: not all of their logins have it. */
export function checkAdmin(
  { user, presented }: { user: User; presented: Pick<ValidatedToken, "scopes"> },
): DomainError | undefined {
  return user.isAdmin ? checkPermission(presented, "admin") : administratorsOnly();
}

export function administratorsOnly(): DomainError {
  return new DomainError("forbidden", "Only administrators are allowed to do this.");
}
