import { removeGroup } from "../../admin/remove_group.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { GROUP_PATH_SCHEMA, removedGroup } from "./schemas.ts";
import { toRemovalResponse } from "./to_response.ts";

export const removeGroupOperation = operation({
  method: "delete",
  path: "/api/v1/groups/{id}",
  id: "removeGroup",
  summary: "Remove a group",
  description: "Also from the scopes of resources. One that has no other group is then left to " +
    "administrators.",
  access: "groups_write",
  idSchema: GROUP_PATH_SCHEMA,
  response: { status: 200, description: "Who lost what.", schema: removedGroup },
  problems: ["invalid"],
  async handle(deps, request) {
    const removed = await removeGroup(administrator(deps, request), { name: request.id });
    if (removed instanceof DomainError) return removed;
    await deps.tokenValidator.reloadCatalog();
    return toRemovalResponse(removed);
  },
});
