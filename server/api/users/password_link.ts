import { createUserPasswordLink } from "../../admin/password_link_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { newPasswordLink, passwordLink, RESET_LIFETIME } from "./schemas.ts";
import { toLinkResponse } from "./to_response.ts";

export const createPasswordLinkOperation = operation({
  method: "post",
  path: "/api/v1/users/{id}/password-link",
  id: "createPasswordLink",
  summary: "Create a link with which a user chooses a password",
  description: "It works once and replaces earlier links. The old password works until then. " +
    "Anyone who has the link can sign in as the user: `mail` sends it to the user only.",
  access: "users_write",
  body: newPasswordLink,
  response: { status: 201, description: "The link.", schema: passwordLink },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const { expires_in: lifetimeSeconds = RESET_LIFETIME, mail = false } = request.body;
    const created = await createUserPasswordLink(administrator(deps, request), {
      ...user,
      link: { lifetimeSeconds, mail },
    });
    return created instanceof DomainError ? created : toLinkResponse(created.link);
  },
});
