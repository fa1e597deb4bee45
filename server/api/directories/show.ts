import { showDirectory } from "../../admin/directory_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { directory, DIRECTORY_NAME_SCHEMA } from "./schemas.ts";
import { toDirectoryResponse } from "./to_response.ts";

export const showDirectoryOperation = operation({
  method: "get",
  path: "/api/v1/directories/{id}",
  id: "showDirectory",
  summary: "Get a directory",
  access: "directories_read",
  idSchema: DIRECTORY_NAME_SCHEMA,
  response: { status: 200, description: "The directory.", schema: directory },
  async handle(deps, request) {
    const params = { name: request.id };
    return toDirectoryResponse(await showDirectory(administrator(deps, request), params));
  },
});
