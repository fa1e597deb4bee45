import { showUser } from "../../admin/list_users.ts";
import type { UserDeps } from "../../admin/operation.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { userOfPath } from "./user_of_path.ts";
import { userDetails } from "./schemas.ts";
import { toDetailsResponse } from "./to_response.ts";

export const showUserOperation = operation({
  method: "get",
  path: "/api/v1/users/{id}",
  id: "showUser",
  summary: "Get a user",
  access: "users_read",
  response: { status: 200, description: "The user.", schema: userDetails },
  async handle(deps, request) {
    const user = userOfPath(request);
    return user instanceof DomainError ? user : await describeUser(deps, user.email);
  },
});

/** The response about a user, by id. */
export async function describeUser(deps: Pick<UserDeps, "sql" | "clock">, id: string) {
  const user = await showUser(deps, { email: id });
  return user instanceof DomainError ? user : toDetailsResponse(user);
}
