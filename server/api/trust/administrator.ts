import type { TrustDeps } from "../../admin/operation.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation on trust rules needs, with who requests it and from where. */
export function administrator(
  { sql, clock, catalog, issuer }: Pick<OperationDeps, "sql" | "clock" | "catalog" | "issuer">,
  { user, client, presented }: ApiRequest,
): TrustDeps {
  const { address } = client;
  return { sql, clock, catalog, issuer, actor: user.id, address, loginId: presented.loginId };
}
