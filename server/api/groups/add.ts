import { addGroup } from "../../admin/group_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { group, newGroup } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const addGroupOperation = operation({
  method: "post",
  path: "/api/v1/groups",
  id: "addGroup",
  summary: "Add a group",
  access: "groups_write",
  body: newGroup,
  response: { status: 201, description: "The new group.", schema: group },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { name, description, from } = request.body;
    const added = await addGroup(administrator(deps, request), {
      name,
      description: description ?? undefined,
      from: from ?? undefined,
    });
    return added instanceof DomainError ? added : toResponse(added);
  },
});
