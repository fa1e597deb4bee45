import { updateUser } from "../../admin/user_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { userChanges, userDetails } from "./schemas.ts";
import { describeUser } from "./show.ts";

export const updateUserOperation = operation({
  method: "patch",
  path: "/api/v1/users/{id}",
  id: "updateUser",
  summary: "Change the address, name or role of a user",
  description: "Members that are not sent stay as they are. A new address is not verified unless " +
    "`email_verified` says so. The last administrator who can sign in keeps the role.",
  access: "users_write",
  body: userChanges,
  response: { status: 200, description: "The changed user.", schema: userDetails },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const { email: newEmail, name, admin: isAdmin, email_verified: emailVerified } = request.body;
    const changed = await updateUser(administrator(deps, request), {
      ...user,
      newEmail,
      name,
      isAdmin,
      emailVerified,
    });
    if (changed instanceof DomainError) return changed;
    deps.tokenValidator.invalidate(`principal:${request.id}`);
    return await describeUser(deps, request.id);
  },
});
