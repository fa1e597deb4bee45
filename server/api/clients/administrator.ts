import type { ClientDeps } from "../../admin/client_operations.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation on clients needs, with who asks for it and from where, for the audit log. */
export function administrator(
  { sql, clock, config, catalog }: Pick<OperationDeps, "sql" | "clock" | "config" | "catalog">,
  { user, client, presented }: ApiRequest,
): ClientDeps {
  const { address } = client;
  return { sql, clock, config, catalog, actor: user.id, address, loginId: presented.loginId };
}
