import { addUser } from "../../admin/user_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { INVITATION_LIFETIME, invitedUser, newUser } from "./schemas.ts";
import { describeUser } from "./show.ts";
import { toLinkResponse } from "./to_response.ts";

export const addUserOperation = operation({
  method: "post",
  path: "/api/v1/users",
  id: "addUser",
  summary: "Invite a user",
  description: "Adds a user, and creates a link with which they choose a password. Only this " +
    "response contains the link; it can be replaced by another one.",
  access: "users_write",
  body: newUser,
  response: { status: 201, description: "The user and the link.", schema: invitedUser },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { email, name, admin = false, email_verified, expires_in, mail = false } = request.body;
    const added = await addUser(administrator(deps, request), {
      email,
      emailVerified: email_verified,
      name: name ?? email.split("@")[0],
      isAdmin: admin,
      link: { lifetimeSeconds: expires_in ?? INVITATION_LIFETIME, mail },
    });
    if (added instanceof DomainError) return added;
    const user = await describeUser(deps, added.id);
    return user instanceof DomainError ? user : { user, link: toLinkResponse(added.link!) };
  },
});
