/**
 * The management interface: whatever manages tokens and clients. It is a
 * resource of its own (RFC 8707), so that a token issued for an API is worth
 * nothing here, and a token for it nothing at any API (RFC 9068 section 4).
 */

/** Where it is, below the issuer. */
export const MANAGEMENT_PATH = "/api/v1";

/** Its resource identifier (RFC 8707 section 2): the audience of its access tokens. */
export function managementResource(issuer: string): string {
  return issuer + MANAGEMENT_PATH;
}

/** What its tokens permit, about one kind of thing each. Each permission includes those before it. */
const CHAINS = [
  ["read", "write", "admin"],
  // Apart from `admin`, which approvals had before these could be managed here.
  ["clients_read", "clients_write"],
  ["resources_read", "resources_write"],
  ["users_read", "users_write"],
  ["groups_read", "groups_write"],
  ["identity_providers_read", "identity_providers_write"],
  ["directories_read", "directories_write"],
  ["trust_read", "trust_write"],
  ["audit_read"],
] as const;

export type ManagementPermission = (typeof CHAINS)[number][number];

export const MANAGEMENT_PERMISSIONS: readonly ManagementPermission[] = CHAINS.flat();

/** The scope that stands for each permission. */
export const MANAGEMENT_SCOPES: Record<ManagementPermission, string> = {
  read: "manage:tokens:read",
  write: "manage:tokens",
  admin: "manage:admin",
  clients_read: "manage:clients:read",
  clients_write: "manage:clients",
  resources_read: "manage:resources:read",
  resources_write: "manage:resources",
  users_read: "manage:users:read",
  users_write: "manage:users",
  groups_read: "manage:groups:read",
  groups_write: "manage:groups",
  identity_providers_read: "manage:identity-providers:read",
  identity_providers_write: "manage:identity-providers",
  directories_read: "manage:directories:read",
  directories_write: "manage:directories",
  trust_read: "manage:trust:read",
  trust_write: "manage:trust",
  audit_read: "manage:audit:read",
};

/** Permissions that change nothing. */
export function isReadOnly(permission: ManagementPermission): boolean {
  return CHAINS.some(([first]) => first === permission);
}

/** Permissions that only administrators can have. */
export function isForAdministrators(permission: ManagementPermission): boolean {
  return permission !== "read" && permission !== "write";
}

/** Scopes of this form are the server's own: an operator's catalog cannot have them. */
export function isManagementScope(scope: string): boolean {
  return scope.startsWith("manage:");
}

/** The permission that a scope stands for; undefined for a scope of an API. */
export function permissionOf(scope: string): ManagementPermission | undefined {
  return MANAGEMENT_PERMISSIONS.find((permission) => MANAGEMENT_SCOPES[permission] === scope);
}

/** Whether scopes include `permission`, or a greater one. */
export function permits(scopes: readonly string[], permission: ManagementPermission): boolean {
  const chain: readonly ManagementPermission[] = CHAINS.find((permissions) =>
    (permissions as readonly ManagementPermission[]).includes(permission)
  )!;
  return chain.slice(chain.indexOf(permission))
    .some((greater) => scopes.includes(MANAGEMENT_SCOPES[greater]));
}

/** Scopes and the management scopes that they include: everything that an approval permits. */
export function withIncludedScopes(scopes: readonly string[]): string[] {
  const management = MANAGEMENT_PERMISSIONS.filter((permission) => permits(scopes, permission))
    .map((permission) => MANAGEMENT_SCOPES[permission]);
  return [...scopes, ...management.filter((scope) => !scopes.includes(scope)).reverse()];
}

/** Whether scopes include `scope`, or one that includes it. */
export function covers(scopes: readonly string[], scope: string): boolean {
  const permission = permissionOf(scope);
  return permission === undefined ? scopes.includes(scope) : permits(scopes, permission);
}
