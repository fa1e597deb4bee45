import { brand } from "../shared/brand.ts";
import { isManagementScope } from "../shared/management.ts";
import { formatScope, parseScope } from "../shared/oauth/scope.ts";
import type { Role, ScopeDescription } from "./scope_description.ts";

/** Who wants to carry a scope. */
export interface ScopeHolder {
  /** A service account: the scopes it may carry at most. */
  ownScopes?: readonly string[];
  isAdmin: boolean;
}

/** The scopes of the catalogue that somebody has now: by role, or by the account's own list. */
export function scopesOf(
  catalogue: readonly ScopeDescription[],
  { ownScopes, isAdmin }: ScopeHolder,
): ScopeDescription[] {
  const roles: Role[] = isAdmin ? ["admin", "user"] : ["user"];
  return catalogue.filter(({ name, roles: allowed }) =>
    ownScopes === undefined
      ? allowed === undefined || allowed.some((role) => roles.includes(role))
      : ownScopes.includes(name)
  );
}

/**
 * What is left of a scope parameter for a holder and a client that may have lost some of
 * it: whatever was asked for or approved, the catalogue decides now.
 */
export function heldScope(
  catalogue: readonly ScopeDescription[],
  holder: ScopeHolder,
  clientId: string,
  scope: string,
): string {
  const held = scopesOf(scopesForClient(catalogue, clientId), holder).map(({ name }) => name);
  return formatScope((parseScope(scope) ?? []).filter((one) => held.includes(one)));
}

/**
 * The scopes of the catalogue that somebody may give a personal access token now. Tokens
 * are created by the command line and by our own pages, which count as one client, so a
 * scope kept for other clients is out of reach.
 */
export function tokenScopes(
  catalogue: readonly ScopeDescription[],
  holder: ScopeHolder,
): ScopeDescription[] {
  const grantable = scopesForClient(catalogue, brand.cliClientId);
  return scopesOf(grantable, holder).filter(({ tokens }) => tokens !== false);
}

/** What is left of the scope of a personal access token, or of a JWT that it was exchanged for. */
export function heldTokenScope(
  catalogue: readonly ScopeDescription[],
  holder: ScopeHolder,
  scope: string,
): string {
  const held = tokenScopes(catalogue, holder).map(({ name }) => name);
  return formatScope((parseScope(scope) ?? []).filter((one) => held.includes(one)));
}

/** A scope parameter without the scopes of the management interface. */
export function apiScope(scope: string): string {
  return formatScope((parseScope(scope) ?? []).filter((one) => !isManagementScope(one)));
}

/** The scopes that a client may ask people for. */
export function scopesForClient(
  catalogue: readonly ScopeDescription[],
  clientId: string,
): ScopeDescription[] {
  return catalogue.filter(({ clients }) => clients === undefined || clients.includes(clientId));
}
