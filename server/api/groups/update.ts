import { updateGroup } from "../../admin/group_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { group, GROUP_PATH_SCHEMA, groupChanges } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const updateGroupOperation = operation({
  method: "patch",
  path: "/api/v1/groups/{id}",
  id: "updateGroup",
  summary: "Change a group",
  description: "Members that are not sent stay as they are; `null` removes one. An administrator " +
    "who can sign in must be left.",
  access: "groups_write",
  idSchema: GROUP_PATH_SCHEMA,
  body: groupChanges,
  response: { status: 200, description: "The changed group.", schema: group },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { id: name, body } = request;
    const changed = await updateGroup(administrator(deps, request), { name, ...body });
    return changed instanceof DomainError ? changed : toResponse(changed);
  },
});
