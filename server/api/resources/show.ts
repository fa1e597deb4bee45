import { showResource } from "../../admin/resource_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { resource, RESOURCE_NAME_SCHEMA } from "./schemas.ts";
import { toResourceResponse } from "./to_response.ts";

export const showResourceOperation = operation({
  method: "get",
  path: "/api/v1/resources/{id}",
  id: "showResource",
  summary: "Get a resource by its name",
  access: "resources_read",
  idSchema: RESOURCE_NAME_SCHEMA,
  response: { status: 200, description: "The resource.", schema: resource },
  async handle(deps, request) {
    const { id: name } = request;
    return toResourceResponse(await showResource(administrator(deps, request), { name }));
  },
});
