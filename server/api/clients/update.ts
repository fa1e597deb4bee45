import { showClient, updateClient } from "../../admin/client_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { toChanges } from "./policy.ts";
import { client, CLIENT_ID_SCHEMA, clientChanges } from "./schemas.ts";
import { toClientResponse } from "./to_response.ts";

export const updateClientOperation = operation({
  method: "patch",
  path: "/api/v1/clients/{id}",
  id: "updateClient",
  summary: "Change a client",
  description:
    "Members that are not sent stay as they are; `null` removes a limit. It applies to " +
    "present logins too, at their next use.",
  access: "clients_write",
  idSchema: CLIENT_ID_SCHEMA,
  body: clientChanges,
  response: { status: 200, description: "The changed client.", schema: client },
  problems: ["invalid"],
  async handle(deps, request) {
    const { id, body } = request;
    const changes = toChanges(body);
    const isUnchanged = Object.values(changes).every((value) => value === undefined);
    const admin = administrator(deps, request);
    const changed = isUnchanged
      ? await showClient(admin, { id })
      : await updateClient(admin, { id, changes });
    if (!(changed instanceof DomainError)) deps.tokenValidator.invalidate(`client:${id}`);
    return toClientResponse(changed);
  },
});
