import { MANAGEMENT_SCOPES, type ManagementPermission, permits } from "../../shared/management.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { bearerChallenge } from "../http/authorization.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";
import { Problem } from "./problem.ts";

/** Throws Problem unless the approval behind a token covers `permission`. */
export function requirePermission(
  presented: Pick<ValidatedToken, "scopes">,
  permission: ManagementPermission,
): void {
  if (permits(presented.scopes, permission)) return;
  throw insufficientScope(
    [MANAGEMENT_SCOPES[permission]],
    `The approval does not cover ${MANAGEMENT_SCOPES[permission]}.`,
  );
}

/** What the approval lacks (RFC 6750 section 3.1): a new one for `scopes` would do. */
export function insufficientScope(scopes: readonly string[], detail: string): Problem {
  const scope = formatScope(scopes);
  const error = new OAuthError("insufficient_scope", detail);
  return new Problem(
    403,
    "insufficient-scope",
    "The approval does not cover this",
    detail,
    { "www-authenticate": bearerChallenge(error, { scope }) },
    { required_scope: scope },
  );
}
