import { updateDirectory } from "../../admin/directory_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { directory, DIRECTORY_NAME_SCHEMA, directoryChanges } from "./schemas.ts";
import { toDirectoryResponse } from "./to_response.ts";

export const updateDirectoryOperation = operation({
  method: "patch",
  path: "/api/v1/directories/{id}",
  id: "updateDirectory",
  summary: "Change the mail domains of a directory",
  description: "Accounts that it has already stay with it.",
  access: "directories_write",
  idSchema: DIRECTORY_NAME_SCHEMA,
  body: directoryChanges,
  response: { status: 200, description: "The directory.", schema: directory },
  problems: ["invalid"],
  async handle(deps, request) {
    const params = { name: request.id, domains: request.body.domains };
    return toDirectoryResponse(await updateDirectory(administrator(deps, request), params));
  },
});
