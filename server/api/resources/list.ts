import { listAllResources } from "../../admin/resource_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { resourceList } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const listResourcesOperation = operation({
  method: "get",
  path: "/api/v1/resources",
  id: "listResources",
  summary: "List resources",
  description: "Those of every server first, then those of the config file and of the database.",
  access: "resources_read",
  response: { status: 200, description: "All resources.", schema: resourceList },
  async handle(deps, request) {
    const resources = await listAllResources(administrator(deps, request), {});
    return { resources: resources.map(toResponse) };
  },
});
