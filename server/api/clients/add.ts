import { addClient } from "../../admin/client_operations.ts";
import { generateClientId } from "../../admin/client_policy.ts";
import { generateClientSecret } from "../../tokens/client_secret.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { toPolicy } from "./policy.ts";
import { createdClient, newClient } from "./schemas.ts";
import { toCreatedResponse } from "./to_response.ts";

export const addClientOperation = operation({
  method: "post",
  path: "/api/v1/clients",
  id: "addClient",
  summary: "Add a client",
  description: "Only this response contains the secret. The server stores a hash of it. If the " +
    "response was lost, rotate the secret of the client.",
  access: "clients_write",
  body: newClient,
  response: { status: 201, description: "The new client.", schema: createdClient },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { body } = request;
    const secret = body.type === "public" ? undefined : generateClientSecret();
    const added = await addClient(administrator(deps, request), {
      ...toPolicy(body),
      id: body.id ?? generateClientId(),
      secretHash: secret?.hash,
    });
    return toCreatedResponse(added, secret?.secret);
  },
});
