import { setDirectoryDisabled } from "../../admin/directory_operations.ts";
import { type ApiOperation, operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { directory, DIRECTORY_NAME_SCHEMA } from "./schemas.ts";
import { toDirectoryResponse } from "./to_response.ts";

export const disableDirectoryOperation = accessOperation(true);
export const enableDirectoryOperation = accessOperation(false);

function accessOperation(disabled: boolean): ApiOperation {
  const verb = disabled ? "disable" : "enable";
  return operation({
    method: "post",
    path: `/api/v1/directories/{id}/${verb}`,
    id: `${verb}Directory`,
    summary: disabled ? "Disable a directory" : "Enable a directory",
    description: disabled
      ? "Its requests are rejected until it is enabled again, so users who leave keep their access " +
        "meanwhile. Its accounts stay as they are."
      : "Its requests are accepted again. What changed meanwhile is not here until it synchronizes.",
    access: "directories_write",
    idSchema: DIRECTORY_NAME_SCHEMA,
    response: { status: 200, description: "The directory.", schema: directory },
    async handle(deps, request) {
      const params = { name: request.id, disabled };
      return toDirectoryResponse(await setDirectoryDisabled(administrator(deps, request), params));
    },
  });
}
