import { rotateToken } from "../../admin/directory_operations.ts";
import { generateDirectoryToken } from "../../tokens/directory_token.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { createdDirectory, DIRECTORY_NAME_SCHEMA, directoryTokenRotation } from "./schemas.ts";
import { toCreatedResponse } from "./to_response.ts";

export const rotateDirectoryTokenOperation = operation({
  method: "post",
  path: "/api/v1/directories/{id}/rotate-token",
  id: "rotateDirectoryToken",
  summary: "Replace the token of a directory",
  description: "Only this response contains the new token. The previous one works for `overlap` " +
    "more seconds, the one before it stops working.",
  access: "directories_write",
  idSchema: DIRECTORY_NAME_SCHEMA,
  body: directoryTokenRotation,
  response: { status: 201, description: "The directory and its token.", schema: createdDirectory },
  async handle(deps, request) {
    const { id: name, body: { overlap: overlapSeconds } } = request;
    const { token, hash, prefix } = generateDirectoryToken();
    const params = { name, tokenHash: hash, tokenPrefix: prefix, overlapSeconds };
    return toCreatedResponse(await rotateToken(administrator(deps, request), params), token);
  },
});
