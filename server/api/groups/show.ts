import { showGroup } from "../../admin/group_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { group, GROUP_PATH_SCHEMA } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const showGroupOperation = operation({
  method: "get",
  path: "/api/v1/groups/{id}",
  id: "showGroup",
  summary: "Get a group by its name",
  access: "groups_read",
  idSchema: GROUP_PATH_SCHEMA,
  response: { status: 200, description: "The group.", schema: group },
  async handle(deps, request) {
    const details = await showGroup(administrator(deps, request), { name: request.id, limit: 1 });
    return details instanceof DomainError ? details : toResponse(details);
  },
});
