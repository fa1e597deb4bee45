/**
 * The catalog of scopes, and who may carry which of them. The policies return descriptions or
 * limit a scope parameter; set operations are in shared/oauth/scope.ts.
 */
import { type Acr, satisfiesAcr } from "../shared/oauth/acr.ts";
import { strongerAcr } from "./sign_in/authentication.ts";
import { brand } from "../shared/brand.ts";
import { isManagementScope } from "../shared/management.ts";
import { formatScope, intersectScope, parseScope } from "../shared/oauth/scope.ts";

/** A scope of the operator's catalog. */
export interface ScopeDescription {
  name: string;
  /** Shown on the approval page. */
  description: string;
  /** Roles that may carry it. A role is a group: with neither member, all may. */
  roles?: readonly Role[];
  /** Groups that may carry it, besides `roles`. */
  groups?: readonly string[];
  /** Client ids that may request it in a login; undefined: all. */
  clients?: string[];
  /** False: no personal access token may carry it. */
  tokens?: boolean;
  /** What a login needs to get it by device code; undefined: nothing more than an approval. */
  deviceFlow?: readonly DeviceFlowRule[];
  /** What the sign-in of the user who approves it must be at least; undefined: any. */
  factor?: Factor;
  /** The name of the resource whose tokens can have it; undefined: the default resource. */
  resource?: string;
}

/**
 * What an operator can require of logins by device code, for a client or a scope. `off`: none.
 * `same-network`: the terminal and the browser that approves have the same address. `fresh-sign-in`:
 * the user has just signed in. See server/logins/device_flow.ts.
 */
export const DEVICE_FLOW_RULES = ["off", "same-network", "fresh-sign-in"] as const;
export type DeviceFlowRule = typeof DEVICE_FLOW_RULES[number];

export function isDeviceFlowRule(value: unknown): value is DeviceFlowRule {
  return DEVICE_FLOW_RULES.some((rule) => rule === value);
}

/** What a scope can require of a sign-in. */
export const FACTORS = ["2fa", "phr"] as const satisfies readonly Acr[];
export type Factor = typeof FACTORS[number];

export function isFactor(value: unknown): value is Factor {
  return FACTORS.some((factor) => factor === value);
}

export type Role = "admin" | "user";

/** What limits the scopes of a client. */
export interface ScopedClient {
  id: string;
  /** Those that the operator gave it; undefined: no limit but the catalog's. */
  scopes?: readonly string[];
  /** Set if it is not registered. */
  document?: unknown;
}

/** A user or a service account. */
export interface ScopedAccount {
  /** Of a service account: the scopes it may carry at most. */
  ownScopes?: readonly string[];
  isAdmin: boolean;
  /** Names of groups without the roles; none of a service account. */
  groups: readonly string[];
}

/** Scopes that describe a user or a login, which a workload does not have. */
const LOGIN_SCOPES = ["openid", "profile", "email", "offline_access"];

export function scopeNames(scopes: readonly ScopeDescription[]): string[] {
  return scopes.map(({ name }) => name);
}

/** The scopes that a client may request. */
export function clientScopes(
  catalog: readonly ScopeDescription[],
  client: ScopedClient,
): ScopeDescription[] {
  // The operator does not vouch for a client that is not registered, so it never manages tokens.
  return catalog.filter(({ name, clients }) =>
    !(client.document !== undefined && isManagementScope(name)) &&
    (clients === undefined || clients.includes(client.id)) &&
    (client.scopes === undefined || client.scopes.includes(name))
  );
}

/** The scopes that a login of `account` through a client may have now. */
export function loginScopes(
  catalog: readonly ScopeDescription[],
  account: ScopedAccount,
  client: ScopedClient,
): ScopeDescription[] {
  return accountScopes(clientScopes(catalog, client), account);
}

/** The scopes that a personal access token of `account` may carry now. */
export function patScopes(
  catalog: readonly ScopeDescription[],
  account: ScopedAccount,
): ScopeDescription[] {
  // The CLI and our own pages create tokens, and count as one client.
  const grantable = clientScopes(catalog, { id: brand.cliClientId });
  return accountScopes(grantable, account).filter(({ tokens }) => tokens !== false);
}

/** The scopes that a service account may be given. */
export function workloadScopes(catalog: readonly ScopeDescription[]): ScopeDescription[] {
  return catalog.filter(({ name }) => !LOGIN_SCOPES.includes(name) && !isManagementScope(name));
}

/**
 * What a login of `account` through a client still has of `scope`. The catalog, the roles and
 * the client may have changed since it was approved, so they are applied again at each use.
 */
export function limitLoginScope(
  catalog: readonly ScopeDescription[],
  account: ScopedAccount,
  client: ScopedClient,
  scope: string,
): string {
  return intersectScope(scope, scopeNames(loginScopes(catalog, account, client)));
}

/** What a sign-in must be at least to approve these scopes; undefined: any. */
export function requiredAcr(catalog: readonly ScopeDescription[], scope: string): Acr | undefined {
  const names = parseScope(scope) ?? [];
  return catalog.filter(({ name }) => names.includes(name))
    .map(({ factor }) => factor)
    .reduce<Acr | undefined>(strongerAcr, undefined);
}

/**
 * What of `scope` was approved with a sufficient sign-in. The catalog may have changed since, so it
 * is applied again at each use.
 */
export function limitToFactor(
  catalog: readonly ScopeDescription[],
  acr: Acr,
  scope: string,
): string {
  const missing = catalog.filter(({ factor }) => !satisfiesAcr(acr, factor));
  if (missing.length === 0) return scope;
  const names = scopeNames(missing);
  return formatScope((parseScope(scope) ?? []).filter((name) => !names.includes(name)));
}

/** What a personal access token, or a JWT it was exchanged for, still has of `scope`. */
export function limitPatScope(
  catalog: readonly ScopeDescription[],
  account: ScopedAccount,
  scope: string,
): string {
  return intersectScope(scope, scopeNames(patScopes(catalog, account)));
}

/** A scope parameter without the scopes of the management interface. */
export function apiScope(scope: string): string {
  return formatScope((parseScope(scope) ?? []).filter((name) => !isManagementScope(name)));
}

/** The scopes that an account has by group or, if it is a service account, by its own list. */
export function accountScopes(
  scopes: readonly ScopeDescription[],
  account: ScopedAccount,
): ScopeDescription[] {
  if (account.ownScopes !== undefined) {
    const { ownScopes } = account;
    return scopes.filter(({ name }) => ownScopes.includes(name));
  }
  const held = new Set(heldGroups(account));
  return scopes.filter((scope) => groupsOf(scope)?.some((group) => held.has(group)) ?? true);
}

/** The groups that may carry a scope, roles included; undefined: all users. */
export function groupsOf(
  { roles, groups }: Pick<ScopeDescription, "roles" | "groups">,
): string[] | undefined {
  return roles === undefined && groups === undefined
    ? undefined
    : [...new Set([...roles ?? [], ...groups ?? []])];
}

/** The groups of a user, roles included: every user is in `user`. */
export function heldGroups({ isAdmin, groups }: Omit<ScopedAccount, "ownScopes">): string[] {
  return [...isAdmin ? ["admin"] : [], "user", ...groups];
}
