import { parseScope } from "../../../shared/oauth/scope.ts";
import { DomainError } from "../../domain_error.ts";
import type { CreatedToken } from "../../pats/create.ts";
import { ownerIdentity } from "../../pats/owner.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";

export function toResponse(token: PersonalAccessToken) {
  return {
    id: token.id,
    name: token.name,
    description: token.description ?? null,
    prefix: token.prefix,
    scopes: parseScope(token.scope) ?? [],
    resource: token.resource ?? null,
    allowed_addresses: token.allowedAddresses,
    created_at: toTimestamp(token.createdAt),
    expires_at: toTimestamp(token.expiresAt),
    last_used_at: toTimestamp(token.lastUsedAt),
    last_used_address: token.lastUsedAddress ?? null,
    last_used_agent: token.lastUsedAgent ?? null,
    revoked_at: toTimestamp(token.revokedAt),
    revoked_reason: token.revokedReason ?? null,
    rotated_from: token.rotatedFrom ?? null,
    login_id: token.createdByLogin ?? null,
    leak: token.leak === undefined ? null : {
      at: toTimestamp(token.leak.at),
      reporter: token.leak.reporter,
      place: token.leak.place ?? null,
    },
    owner: ownerIdentity(token.owner),
  };
}

/** With the secret, which no other response contains. */
export function toCreatedResponse(result: CreatedToken | DomainError) {
  if (result instanceof DomainError) return result;
  return { ...toResponse(result.token), token: result.secret };
}

function toTimestamp(date: Date | undefined): string | null {
  return date?.toISOString() ?? null;
}
