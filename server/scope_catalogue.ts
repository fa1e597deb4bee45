import type { Role, ScopeDescription } from "./config.ts";

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

/** Those of `scopes` that somebody has now, for a personal access token. */
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
