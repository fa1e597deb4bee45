import { listAllGroups } from "../../admin/group_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { groupList } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const listGroupsOperation = operation({
  method: "get",
  path: "/api/v1/groups",
  id: "listGroups",
  summary: "List groups",
  description: "The roles `admin` and `user` first, then the others by name.",
  access: "groups_read",
  response: { status: 200, description: "All groups.", schema: groupList },
  async handle(deps, request) {
    const groups = await listAllGroups(administrator(deps, request), {});
    return { groups: groups.map(toResponse) };
  },
});
