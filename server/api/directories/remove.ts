import { removeDirectory } from "../../admin/directory_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { DIRECTORY_NAME_SCHEMA, removedDirectory } from "./schemas.ts";

export const removeDirectoryOperation = operation({
  method: "delete",
  path: "/api/v1/directories/{id}",
  id: "removeDirectory",
  summary: "Disconnect a directory",
  description: "Its accounts stay as they are, enabled or disabled. Its groups lose their members.",
  access: "directories_write",
  idSchema: DIRECTORY_NAME_SCHEMA,
  response: { status: 200, description: "The directory is removed.", schema: removedDirectory },
  async handle(deps, request) {
    return await removeDirectory(administrator(deps, request), { name: request.id });
  },
});
