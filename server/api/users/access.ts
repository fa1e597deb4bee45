import { setUserDisabled } from "../../admin/user_operations.ts";
import { DomainError } from "../../domain_error.ts";
import type { ApiOperation } from "../operation.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { userDetails } from "./schemas.ts";
import { describeUser } from "./show.ts";

export const disableUserOperation = accessOperation(true);
export const enableUserOperation = accessOperation(false);

function accessOperation(disabled: boolean): ApiOperation {
  const verb = disabled ? "disable" : "enable";
  return operation({
    method: "post",
    path: `/api/v1/users/{id}/${verb}`,
    id: `${verb}User`,
    summary: disabled ? "Disable a user" : "Enable a user",
    description: disabled
      ? "Signs out the user's browsers, revokes their logins, and rejects their personal access " +
        "tokens until the user is enabled again. You cannot disable yourself, nor the last " +
        "administrator who can sign in."
      : "The user can sign in again, and their personal access tokens work again. Revoked logins " +
        "stay revoked.",
    access: "users_write",
    response: { status: 200, description: "The user.", schema: userDetails },
    problems: disabled ? ["conflict"] : [],
    async handle(deps, request) {
      const user = userOfPath(request);
      if (user instanceof DomainError) return user;
      const changed = await setUserDisabled(administrator(deps, request), { ...user, disabled });
      if (changed instanceof DomainError) return changed;
      deps.tokenValidator.invalidate(`principal:${request.id}`);
      return await describeUser(deps, request.id);
    },
  });
}
