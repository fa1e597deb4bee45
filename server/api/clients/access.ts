import { setClientDisabled } from "../../admin/client_operations.ts";
import { DomainError } from "../../domain_error.ts";
import type { ApiOperation } from "../operation.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { client, CLIENT_ID_SCHEMA } from "./schemas.ts";
import { toClientResponse } from "./to_response.ts";

export const disableClientOperation = accessOperation(true);
export const enableClientOperation = accessOperation(false);

function accessOperation(disabled: boolean): ApiOperation {
  const verb = disabled ? "disable" : "enable";
  return operation({
    method: "post",
    path: `/api/v1/clients/{id}/${verb}`,
    id: `${verb}Client`,
    summary: disabled ? "Disable a client" : "Enable a client",
    description: disabled
      ? "Its logins and tokens do not work until it is enabled again. APIs that only verify the " +
        "signature of its access tokens accept them until they expire."
      : "Its logins work again.",
    access: "clients_write",
    idSchema: CLIENT_ID_SCHEMA,
    response: { status: 200, description: "The client.", schema: client },
    async handle(deps, request) {
      const { id } = request;
      const changed = await setClientDisabled(administrator(deps, request), { id, disabled });
      if (!(changed instanceof DomainError)) deps.tokenValidator.invalidate(`client:${id}`);
      return toClientResponse(changed);
    },
  });
}
