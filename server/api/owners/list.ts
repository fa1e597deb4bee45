import { listOwnedThings } from "../../admin/owner_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { ownedList } from "./schemas.ts";

export const listOwnersOperation = operation({
  method: "get",
  path: "/api/v1/owners",
  id: "listOwners",
  summary: "List who looks after service accounts, trust rules, clients and resources",
  description: "An owner gets no rights by this.",
  access: "users_read",
  response: { status: 200, description: "What can have an owner.", schema: ownedList },
  async handle(deps) {
    const owned = await listOwnedThings(deps, {});
    return owned instanceof DomainError ? owned : { owned };
  },
});
