import type { DirectoryView } from "../../admin/directory_operations.ts";
import { DomainError } from "../../domain_error.ts";

export function toResponse(directory: DirectoryView) {
  return {
    name: directory.name,
    url: directory.url,
    domains: directory.domains,
    users: directory.users,
    groups: directory.groups,
    token_prefix: directory.tokenPrefix,
    token_created_at: directory.tokenCreatedAt,
    previous_token_expires_at: directory.previousTokenExpiresAt,
    created_at: directory.createdAt,
    last_used_at: directory.lastUsedAt,
    disabled_at: directory.disabledAt,
    managed_by: directory.managedBy,
  };
}

export function toDirectoryResponse(result: DirectoryView | DomainError) {
  return result instanceof DomainError ? result : toResponse(result);
}

/** With the token, which no other response contains. */
export function toCreatedResponse(result: DirectoryView | DomainError, token: string) {
  return result instanceof DomainError ? result : { ...toResponse(result), token };
}
