import { covers, MANAGEMENT_SCOPES } from "../../shared/management.ts";

/** All permissions to manage, without those that others include: a request has 256 characters at most. */
export const WIDEST_MANAGEMENT_SCOPES: readonly string[] = Object.values(MANAGEMENT_SCOPES)
  .filter((scope, _, scopes) => !scopes.some((other) => other !== scope && covers([other], scope)));
