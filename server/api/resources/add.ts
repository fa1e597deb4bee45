import { addResource } from "../../admin/resource_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { newResource, resource } from "./schemas.ts";
import { toScopes } from "./scopes.ts";
import { toResourceResponse } from "./to_response.ts";

export const addResourceOperation = operation({
  method: "post",
  path: "/api/v1/resources",
  id: "addResource",
  summary: "Add a resource",
  access: "resources_write",
  body: newResource,
  response: { status: 201, description: "The new resource.", schema: resource },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { body } = request;
    const added = await addResource(administrator(deps, request), {
      name: body.name,
      identifier: body.identifier,
      title: body.title ?? undefined,
      scopes: toScopes(body.scopes ?? []),
      accessTokenLifetime: body.access_token_lifetime ?? undefined,
      signingAlgorithm: body.signing_algorithm ?? undefined,
      claims: body.claims ?? [],
    });
    if (!(added instanceof DomainError)) await deps.tokenValidator.reloadCatalog();
    return toResourceResponse(added);
  },
});
