import { deleteUser } from "../../admin/delete_user.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";

export const deleteUserOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}",
  id: "deleteUser",
  summary: "Delete a user",
  description: "With all browser sessions, logins, personal access tokens, and the trust rules " +
    "that act as the user. It cannot be undone. You cannot delete yourself, nor the last " +
    "administrator who can sign in.",
  access: "users_write",
  response: { status: 204, description: "The user is deleted." },
  problems: ["conflict"],
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const deleted = await deleteUser(administrator(deps, request), user);
    if (deleted instanceof DomainError) return deleted;
    deps.tokenValidator.invalidate(`principal:${request.id}`);
  },
});
