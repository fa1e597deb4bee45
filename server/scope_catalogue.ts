import { formatScope, parseScope } from "../shared/scope.ts";
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

/** What is left of a scope parameter for somebody who may have lost some of it. */
export function heldScope(
  catalogue: readonly ScopeDescription[],
  holder: ScopeHolder,
  scope: string,
): string {
  const held = scopesOf(catalogue, holder).map(({ name }) => name);
  return formatScope((parseScope(scope) ?? []).filter((one) => held.includes(one)));
}

/** The scopes of the catalogue that somebody may give a personal access token now. */
export function tokenScopes(
  catalogue: readonly ScopeDescription[],
  holder: ScopeHolder,
): ScopeDescription[] {
  return scopesOf(catalogue, holder).filter(({ tokens }) => tokens !== false);
}

/** The scopes that a client may ask people for. */
export function scopesForClient(
  catalogue: readonly ScopeDescription[],
  clientId: string,
): ScopeDescription[] {
  return catalogue.filter(({ clients }) => clients === undefined || clients.includes(clientId));
}
