import { isUuid } from "../../../shared/uuid.ts";
import type { UserDeps } from "../../admin/operation.ts";
import { DomainError } from "../../domain_error.ts";
import type { ApiRequest, OperationDeps } from "../operation.ts";

/** What an operation on users needs, with who requests it and from where, for the audit log. */
export function administrator(
  { sql, clock, config, issuer, mail, tokenValidator }: Pick<
    OperationDeps,
    "sql" | "clock" | "config" | "issuer" | "mail" | "tokenValidator"
  >,
  { user, client, presented }: ApiRequest,
): UserDeps {
  const { address } = client;
  const { loginId } = presented;
  return { sql, clock, config, issuer, mail, tokenValidator, actor: user.id, address, loginId };
}

/** The user of the path as operations name them: here only by id. */
export function userOfPath({ id }: Pick<ApiRequest, "id">): { email: string } | DomainError {
  if (isUuid(id)) return { email: id };
  return new DomainError(
    "not_found",
    "There is no user with this id. GET /api/v1/users lists all.",
  );
}
