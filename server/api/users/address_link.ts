import { createUserAddressLink } from "../../admin/address_link_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { addressLink, newAddressLink, RESET_LIFETIME } from "./schemas.ts";
import { toLinkResponse } from "./to_response.ts";

export const createAddressLinkOperation = operation({
  method: "post",
  path: "/api/v1/users/{id}/address-link",
  id: "createAddressLink",
  summary: "Create a link with which a user confirms a new e-mail address",
  description: "It works once, only for the user, and replaces earlier links. To change the " +
    "address without the user, change the user.",
  access: "users_write",
  body: newAddressLink,
  response: { status: 201, description: "The link.", schema: addressLink },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const { email: newEmail, expires_in: lifetimeSeconds = RESET_LIFETIME, mail = false } =
      request.body;
    const created = await createUserAddressLink(administrator(deps, request), {
      ...user,
      newEmail,
      link: { lifetimeSeconds, mail },
    });
    return created instanceof DomainError ? created : toLinkResponse(created.link);
  },
});
