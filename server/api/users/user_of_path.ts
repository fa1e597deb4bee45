import { isUuid } from "../../../shared/uuid.ts";
import { DomainError } from "../../domain_error.ts";
import type { ApiRequest } from "../operation.ts";

/** The user of the path as operations name them: here only by id. */
export function userOfPath({ id }: Pick<ApiRequest, "id">): { email: string } | DomainError {
  if (isUuid(id)) return { email: id };
  return new DomainError(
    "not_found",
    "There is no user with this id. GET /api/v1/users lists all.",
  );
}
