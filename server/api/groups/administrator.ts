import type { GroupDeps } from "../../admin/group_operations.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation on groups needs, with who requests it and from where, for the audit log. */
export function administrator(
  { sql, clock, catalog, tokenValidator }: Pick<
    OperationDeps,
    "sql" | "clock" | "catalog" | "tokenValidator"
  >,
  { user, client, presented }: ApiRequest,
): GroupDeps {
  const { address } = client;
  const { loginId } = presented;
  return { sql, clock, catalog, tokenValidator, actor: user.id, address, loginId };
}
