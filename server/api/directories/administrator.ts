import type { DirectoryDeps } from "../../admin/directory_operations.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation on directories needs, with who asks for it and from where. */
export function administrator(
  { sql, clock, issuer }: Pick<OperationDeps, "sql" | "clock" | "issuer">,
  { user, client, presented }: ApiRequest,
): DirectoryDeps {
  const { address } = client;
  return { sql, clock, issuer, actor: user.id, address, loginId: presented.loginId };
}
