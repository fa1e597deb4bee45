import { removeClient } from "../../admin/client_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { CLIENT_ID_SCHEMA, removedClient } from "./schemas.ts";
import { toFailure } from "./to_response.ts";

export const removeClientOperation = operation({
  method: "delete",
  path: "/api/v1/clients/{id}",
  id: "removeClient",
  summary: "Remove a client and revoke its logins",
  description: "It cannot be undone. The built-in command line can only be disabled.",
  access: "clients_write",
  idSchema: CLIENT_ID_SCHEMA,
  response: { status: 200, description: "The client is removed.", schema: removedClient },
  problems: ["invalid"],
  async handle(deps, request) {
    const { id } = request;
    const removed = toFailure(await removeClient(administrator(deps, request), { id }));
    if (removed instanceof DomainError) return removed;
    deps.tokenValidator.invalidate(`client:${id}`);
    return { logins_revoked: removed.loginsRevoked };
  },
});
