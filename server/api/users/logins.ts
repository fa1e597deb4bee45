import { parseScope } from "../../../shared/oauth/scope.ts";
import { listUserLogins, revokeUserLogin, revokeUserLogins } from "../../admin/user_logins.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { loginRevocationQuery, revokedLogins, userLogins } from "./schemas.ts";

export const listLoginsOperation = operation({
  method: "get",
  path: "/api/v1/users/{id}/logins",
  id: "listUserLogins",
  summary: "List the active logins of a user, last used first",
  description: "At most 1000.",
  access: "users_read",
  response: { status: 200, description: "The logins.", schema: userLogins },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const listed = await listUserLogins(administrator(deps, request), user);
    if (listed instanceof DomainError) return listed;
    return {
      logins: listed.logins.map((login) => ({
        id: login.id,
        name: login.name,
        client_id: login.clientId,
        scopes: parseScope(login.scope) ?? [],
        address: login.address,
        user_agent: login.userAgent,
        created_at: login.createdAt,
        last_used_at: login.lastUsedAt,
        expires_at: login.expiresAt,
      })),
    };
  },
});

export const revokeLoginOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}/logins/{login}",
  id: "revokeUserLogin",
  summary: "Revoke one login of a user",
  description: "Its program has to log in again. APIs that only verify the signature of its " +
    "access tokens accept them until they expire.",
  access: "users_write",
  query: loginRevocationQuery,
  response: { status: 200, description: "The login is revoked.", schema: revokedLogins },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const revoked = await revokeUserLogin(administrator(deps, request), {
      ...user,
      loginId: request.path.login,
      withTokens: request.query.with_tokens,
    });
    if (revoked instanceof DomainError) return revoked;
    return { logins: revoked.logins, tokens: revoked.tokens };
  },
});

export const revokeLoginsOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}/logins",
  id: "revokeUserLogins",
  summary: "Revoke all logins of a user",
  description: "Also withdraws approvals that no program has redeemed yet. Browsers stay signed " +
    "in, and personal access tokens work.",
  access: "users_write",
  response: { status: 200, description: "The logins are revoked.", schema: revokedLogins },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const revoked = await revokeUserLogins(administrator(deps, request), user);
    if (revoked instanceof DomainError) return revoked;
    return { logins: revoked.logins, tokens: revoked.tokens };
  },
});
