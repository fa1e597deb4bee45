import { changeOwner } from "../../admin/owner_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { changedOwner, ownerChange } from "./schemas.ts";

export const changeOwnerOperation = operation({
  method: "patch",
  path: "/api/v1/owners",
  id: "changeOwner",
  summary: "Change who looks after a service account, trust rule, client or resource",
  access: "users_write",
  body: ownerChange,
  response: { status: 200, description: "The owner is changed.", schema: changedOwner },
  problems: ["conflict", "invalid", "not-found"],
  async handle(deps, request) {
    const changed = await changeOwner(administrator(deps, request), request.body);
    // What the path stands for exists; the user may not.
    return changed instanceof DomainError && changed.field === "owner"
      ? new DomainError("invalid", changed.message, { field: "owner" })
      : changed;
  },
});
