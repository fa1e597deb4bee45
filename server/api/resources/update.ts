import { updateResource } from "../../admin/resource_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { resource, RESOURCE_NAME_SCHEMA, resourceChanges } from "./schemas.ts";
import { toScopes } from "./scopes.ts";
import { toResourceResponse } from "./to_response.ts";

export const updateResourceOperation = operation({
  method: "patch",
  path: "/api/v1/resources/{id}",
  id: "updateResource",
  summary: "Change a resource",
  description: "Members that are not sent stay as they are; `null` removes one. Name and " +
    "identifier cannot be changed. It applies to present logins and tokens at their next use.",
  access: "resources_write",
  idSchema: RESOURCE_NAME_SCHEMA,
  body: resourceChanges,
  response: { status: 200, description: "The changed resource.", schema: resource },
  problems: ["invalid"],
  async handle(deps, request) {
    const { id: name, body } = request;
    const changed = await updateResource(administrator(deps, request), {
      name,
      changes: {
        identifier: body.identifier,
        title: body.title,
        scopes: body.scopes && toScopes(body.scopes),
        accessTokenLifetime: body.access_token_lifetime,
        signingAlgorithm: body.signing_algorithm,
        claims: body.claims,
      },
    });
    if (!(changed instanceof DomainError)) await deps.tokenValidator.reloadCatalog();
    return toResourceResponse(changed);
  },
});
