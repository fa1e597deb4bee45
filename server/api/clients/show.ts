import { showClient } from "../../admin/client_operations.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { client, CLIENT_ID_SCHEMA } from "./schemas.ts";
import { toClientResponse } from "./to_response.ts";

export const showClientOperation = operation({
  method: "get",
  path: "/api/v1/clients/{id}",
  id: "showClient",
  summary: "Get a client",
  access: "clients_read",
  idSchema: CLIENT_ID_SCHEMA,
  response: { status: 200, description: "The client.", schema: client },
  async handle(deps, request) {
    return toClientResponse(await showClient(administrator(deps, request), { id: request.id }));
  },
});
