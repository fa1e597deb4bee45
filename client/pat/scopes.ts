/** The scopes of a server, as far as the caller may see them. */
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { ManagementAccess } from "../auth/management_token.ts";
import type { Login } from "../auth/login_store.ts";
import { discover } from "../oauth/discovery.ts";
import type { ClientIo } from "../io.ts";
import { tokenApi } from "./api.ts";
import type { ScopeInfo } from "./scope_info.ts";

/**
 * The scopes that the account of a login may have. Never asks for an approval: of a login that may
 * not read, and of an older server, only names are known.
 */
export async function scopesOfLogin(login: Login, io: ClientIo): Promise<ScopeInfo[]> {
  await using access = new ManagementAccess(login, {}, io);
  const mayRead = await access.tokenWithoutApproval([MANAGEMENT_SCOPES.read]) !== undefined;
  const scopes = mayRead ? await tokenApi(login, access, {}, io).scopes() : undefined;
  if (scopes !== undefined) return scopes;
  const granted = parseScope(login.entry.scope) ?? [];
  return (await publicScopes(login.server, io))
    .map((scope) => ({ ...scope, granted: granted.includes(scope.name) }));
}

/** The names that the server's metadata lists (RFC 8414 section 2). */
export async function publicScopes(server: string, io: ClientIo): Promise<ScopeInfo[]> {
  const { scopesSupported = [], deviceFlowExcludedScopes } = await discover(server, io);
  return scopesSupported.map((name) => ({
    name,
    description: null,
    granted: null,
    forTokens: null,
    deviceFlow: deviceFlowExcludedScopes.includes(name) ? ["off"] : null,
  }));
}
