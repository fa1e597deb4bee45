import { listAllDirectories } from "../../admin/directory_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { directoryList } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const listDirectoriesOperation = operation({
  method: "get",
  path: "/api/v1/directories",
  id: "listDirectories",
  summary: "List directories",
  description: "By name.",
  access: "directories_read",
  response: { status: 200, description: "All directories.", schema: directoryList },
  async handle(deps, request) {
    const directories = await listAllDirectories(administrator(deps, request), {});
    return { directories: directories.map(toResponse) };
  },
});
