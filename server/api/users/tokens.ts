import { parseScope } from "../../../shared/oauth/scope.ts";
import { listUserTokens, revokeUserTokens } from "../../admin/user_tokens.ts";
import { DomainError } from "../../domain_error.ts";
import { type ApiRequest, operation, type OperationDeps } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { revokedTokens, userTokens } from "./schemas.ts";

export const listUserTokensOperation = operation({
  method: "get",
  path: "/api/v1/users/{id}/tokens",
  id: "listUserTokens",
  summary: "List the active personal access tokens of a user, newest first",
  description: "At most 1000.",
  access: "users_read",
  response: { status: 200, description: "The tokens.", schema: userTokens },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const listed = await listUserTokens(administrator(deps, request), user);
    if (listed instanceof DomainError) return listed;
    return {
      tokens: listed.tokens.map((token) => ({
        id: token.id,
        name: token.name,
        prefix: token.prefix,
        scopes: parseScope(token.scope) ?? [],
        created_at: token.createdAt,
        expires_at: token.expiresAt,
        last_used_at: token.lastUsedAt,
        last_used_address: token.lastUsedAddress,
      })),
    };
  },
});

export const revokeUserTokenOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}/tokens/{token}",
  id: "revokeUserToken",
  summary: "Revoke one personal access token of a user",
  access: "users_write",
  response: { status: 200, description: "The token is revoked.", schema: revokedTokens },
  handle: (deps, request) => revoke(deps, request, request.path.token),
});

export const revokeUserTokensOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}/tokens",
  id: "revokeUserTokens",
  summary: "Revoke all personal access tokens of a user",
  access: "users_write",
  response: { status: 200, description: "The tokens are revoked.", schema: revokedTokens },
  handle: (deps, request) => revoke(deps, request),
});

async function revoke(deps: OperationDeps, request: ApiRequest, tokenId?: string) {
  const user = userOfPath(request);
  if (user instanceof DomainError) return user;
  const revoked = await revokeUserTokens(administrator(deps, request), { ...user, tokenId });
  return revoked instanceof DomainError ? revoked : { tokens: revoked.tokens };
}
