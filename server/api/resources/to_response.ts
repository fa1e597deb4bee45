import type { ResourceView } from "../../admin/resource_view.ts";
import { DomainError } from "../../domain_error.ts";

export function toResponse(resource: ResourceView) {
  return {
    name: resource.name,
    identifier: resource.identifier,
    title: resource.title,
    source: resource.source,
    scopes: resource.scopes.map(({ deviceFlow, ...scope }) => ({
      ...scope,
      device_flow: deviceFlow,
    })),
    access_token_lifetime: resource.accessTokenLifetime,
    signing_algorithm: resource.signingAlgorithm,
    claims: resource.claims,
    created_at: resource.createdAt,
    managed_by: resource.managedBy,
  };
}

export function toResourceResponse(result: ResourceView | DomainError) {
  const resource = toFailure(result);
  return resource instanceof DomainError ? resource : toResponse(resource);
}

/** A failure as clients of the API can act on it: not with a command. */
export function toFailure<Result>(result: Result | DomainError): Result | DomainError {
  if (!(result instanceof DomainError) || result.code !== "not_found") return result;
  return new DomainError(
    "not_found",
    "There is no resource with this name. GET /api/v1/resources lists all.",
  );
}
