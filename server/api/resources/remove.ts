import { removeResource } from "../../admin/resource_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { removedResource, RESOURCE_NAME_SCHEMA } from "./schemas.ts";
import { toFailure } from "./to_response.ts";

export const removeResourceOperation = operation({
  method: "delete",
  path: "/api/v1/resources/{id}",
  id: "removeResource",
  summary: "Remove a resource",
  description: "Its tokens are rejected where they are introspected or checked at /auth/verify, " +
    "and logins that were approved for it lose it. It cannot be undone.",
  access: "resources_write",
  idSchema: RESOURCE_NAME_SCHEMA,
  response: { status: 200, description: "What referred to it.", schema: removedResource },
  problems: ["invalid"],
  async handle(deps, request) {
    const { id: name } = request;
    const removed = toFailure(await removeResource(administrator(deps, request), { name }));
    if (removed instanceof DomainError) return removed;
    await deps.tokenValidator.reloadCatalog();
    return removed;
  },
});
