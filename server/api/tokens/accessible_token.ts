import { DomainError } from "../../domain_error.ts";
import { type AccessibleToken, findAccessibleToken } from "../../pats/access.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { ApiRequest } from "../operation.ts";
import { checkAdmin } from "../permission.ts";

/** The token in the path. Other users' tokens need an approval for administration. */
export async function accessibleToken(
  deps: { sql: Sql },
  request: Pick<ApiRequest, "id" | "user" | "presented">,
): Promise<AccessibleToken | DomainError> {
  const access = await findAccessibleToken(deps.sql, request.user, request.id);
  if (access instanceof DomainError || access.isOwn) return access;
  return checkAdmin(request) ?? access;
}
