import type { ResourceDeps } from "../../admin/resource_operations.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation on resources needs, with who asks for it and from where, for the audit log. */
export function administrator(
  { sql, clock, config, catalog, issuer }: Pick<
    OperationDeps,
    "sql" | "clock" | "config" | "catalog" | "issuer"
  >,
  { user, client, presented }: ApiRequest,
): ResourceDeps {
  const { address } = client;
  const { loginId } = presented;
  return { sql, clock, config, catalog, issuer, actor: user.id, address, loginId };
}
