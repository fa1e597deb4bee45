import type { ClientView } from "../../admin/client_operations.ts";
import { DomainError } from "../../domain_error.ts";

export function toResponse(client: ClientView) {
  return {
    id: client.id,
    name: client.name,
    type: client.type,
    built_in: client.isBuiltIn,
    homepage: client.homepage,
    grants: client.grants,
    redirect_uris: client.redirectUris,
    consent: client.consent,
    scopes: client.scopes,
    resources: client.resources,
    device_flow: client.deviceFlow,
    access_token_lifetime: client.accessTokenLifetime,
    refresh_token_idle_lifetime: client.refreshTokenIdleLifetime,
    refresh_token_absolute_lifetime: client.refreshTokenAbsoluteLifetime,
    previous_secret_expires_at: client.previousSecretExpiresAt,
    created_at: client.createdAt,
    disabled_at: client.disabledAt,
    managed_by: client.managedBy,
  };
}

/** With the secret, which no other response contains. */
export function toCreatedResponse(result: ClientView | DomainError, secret: string | undefined) {
  const failure = toFailure(result);
  if (failure instanceof DomainError) return failure;
  return { ...toResponse(failure), client_secret: secret ?? null };
}

/** A failure as clients of the API can act on it: not with a command, and with their own names. */
export function toFailure<Result>(result: Result | DomainError): Result | DomainError {
  if (!(result instanceof DomainError)) return result;
  if (result.code !== "not_found") return result;
  return new DomainError(
    "not_found",
    "There is no client with this id. GET /api/v1/clients lists all.",
  );
}

export function toClientResponse(result: ClientView | DomainError) {
  const client = toFailure(result);
  return client instanceof DomainError ? client : toResponse(client);
}
