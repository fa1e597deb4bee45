import { addDirectory } from "../../admin/directory_operations.ts";
import { generateDirectoryToken } from "../../tokens/directory_token.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { createdDirectory, newDirectory } from "./schemas.ts";
import { toCreatedResponse } from "./to_response.ts";

export const addDirectoryOperation = operation({
  method: "post",
  path: "/api/v1/directories",
  id: "addDirectory",
  summary: "Connect a directory",
  description: "It provisions users and groups over SCIM 2.0. Only this response contains its " +
    "token. The server stores a hash of it. If the response was lost, rotate the token.",
  access: "directories_write",
  body: newDirectory,
  response: { status: 201, description: "The new directory.", schema: createdDirectory },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { name, domains = [] } = request.body;
    const { token, hash, prefix } = generateDirectoryToken();
    const params = { name, domains, tokenHash: hash, tokenPrefix: prefix };
    return toCreatedResponse(await addDirectory(administrator(deps, request), params), token);
  },
});
