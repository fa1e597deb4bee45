import type { IdentityProviderDeps } from "../../admin/identity_providers/operations.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator(
  { sql, clock, issuer, encryption }: Pick<
    OperationDeps,
    "sql" | "clock" | "issuer" | "encryption"
  >,
  { user, client, presented }: ApiRequest,
): IdentityProviderDeps {
  const { address } = client;
  const { loginId } = presented;
  return { sql, clock, issuer, encryption, actor: user.id, address, loginId };
}
