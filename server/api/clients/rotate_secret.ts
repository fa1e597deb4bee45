import { rotateSecret } from "../../admin/client_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { generateClientSecret } from "../../tokens/client_secret.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { CLIENT_ID_SCHEMA, createdClient, secretRotation } from "./schemas.ts";
import { toCreatedResponse } from "./to_response.ts";

export const rotateClientSecretOperation = operation({
  method: "post",
  path: "/api/v1/clients/{id}/rotate-secret",
  id: "rotateClientSecret",
  summary: "Replace the secret of a confidential client",
  description: "Only this response contains the new secret. The previous one works for `overlap` " +
    "more seconds, the one before it stops working.",
  access: "clients_write",
  idSchema: CLIENT_ID_SCHEMA,
  body: secretRotation,
  response: { status: 201, description: "The client and its secret.", schema: createdClient },
  problems: ["invalid"],
  async handle(deps, request) {
    const { id, body: { overlap: overlapSeconds } } = request;
    const secret = generateClientSecret();
    const params = { id, secretHash: secret.hash, overlapSeconds };
    const rotated = await rotateSecret(administrator(deps, request), params);
    if (!(rotated instanceof DomainError)) deps.tokenValidator.invalidate(`client:${id}`);
    return toCreatedResponse(rotated, secret.secret);
  },
});
