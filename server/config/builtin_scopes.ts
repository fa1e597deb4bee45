import { brand } from "../../shared/brand.ts";
import {
  isForAdministrators,
  MANAGEMENT_PERMISSIONS,
  MANAGEMENT_SCOPES,
  type ManagementPermission,
} from "../../shared/management.ts";
import type { ScopeDescription } from "../scopes.ts";

/** Scopes of every server (OpenID Connect Core 1.0 sections 5.4 and 11). The file may describe them differently. */
const STANDARD_SCOPES: readonly ScopeDescription[] = [
  { name: "openid", description: "Know who you are" },
  { name: "profile", description: "See your name" },
  { name: "email", description: "See your e-mail address" },
  { name: "offline_access", description: "Stay logged in until you log out", tokens: false },
];

export const STANDARD_SCOPE_NAMES: readonly string[] = STANDARD_SCOPES.map(({ name }) => name);

/**
 * What tokens of the management interface permit, as the approval page describes it. Only the CLI
 * may request these scopes, and no personal access token carries them.
 */
const MANAGEMENT_DESCRIPTIONS: Record<ManagementPermission, string> = {
  read: "List your personal access tokens, and those created with this login, and see their " +
    "details, but not the tokens",
  write: "Create, edit, rotate and revoke your personal access tokens. A token that it creates " +
    "acts as you, with any permission listed here, until it expires or is revoked, even after " +
    "this login is revoked or expires",
  admin: "Act as an administrator: see and revoke everyone's personal access tokens, import " +
    "tokens that act as other users, and create, edit and rotate tokens that act as service " +
    "accounts, with the permissions listed here",
  clients_read:
    "See all clients: the programs that log users in and the services that check tokens, with " +
    "what each of them may do",
  clients_write:
    "Add, change, disable and remove clients, and replace their secrets. A client that it adds " +
    "can ask every user for permissions and check tokens, even after this login is revoked or " +
    "expires",
  resources_read: "See all resources: the APIs that tokens are issued for, with their scopes",
  resources_write:
    "Add, change and remove resources: the APIs that tokens are issued for, and the permissions " +
    "that users can approve for them. Removing one revokes the tokens for it",
  users_read:
    "See all users: their names, e-mail addresses, roles, groups, linked accounts and sign-ins, " +
    "their browsers and logins, what they own, and their personal access tokens, but not the " +
    "tokens",
  users_write:
    "Invite, change, disable and delete users, make them administrators, revoke their logins and " +
    "tokens, remove second factors, change who owns what, and create password links, and so act as " +
    "any user, even after this login is revoked or expires",
  groups_read: "See all groups and who belongs to them, and what each user may do and why",
  groups_write:
    "Add, change and remove groups, and put any user into any group, administrators included: " +
    "groups decide who may do what. All of it stays after this login is revoked or expires",
  identity_providers_read:
    "See the identity providers that users sign in with, without their secrets, whose first sign-in " +
    "waits for an administrator, and what a provider sent in a test",
  identity_providers_write:
    "Add, change and remove identity providers, and decide on first sign-ins. An identity provider " +
    "that it adds can sign in as any user of its mail domains and put users into groups, " +
    "administrators included, even after this login is revoked or expires",
  directories_read: "See the directories that provision users and groups",
  directories_write:
    "Connect, change and remove directories, and replace their tokens. A directory that it " +
    "connects can create, change and disable accounts and fill groups, administrators included, " +
    "even after this login is revoked or expires",
  trust_read: "See the trust rules and the CI jobs that were rejected lately, with their claims",
  trust_write:
    "Add, change and remove trust rules, and approve rejected CI jobs. A workload that it trusts " +
    "can act as any user or service account, even after this login is revoked or expires",
  audit_read:
    "See the audit log: what every user, administrator and program did, when, and from which IP " +
    "address",
};

const MANAGEMENT_SCOPE_DESCRIPTIONS: readonly ScopeDescription[] = MANAGEMENT_PERMISSIONS.map(
  (permission) => ({
    name: MANAGEMENT_SCOPES[permission],
    description: MANAGEMENT_DESCRIPTIONS[permission],
    ...isForAdministrators(permission) && { roles: ["admin" as const] },
    clients: [brand.cliClientId],
    tokens: false,
  }),
);

/** The built-in scopes and those of the config file. Each server gets objects of its own. */
export function scopeCatalog(configured: readonly ScopeDescription[]): ScopeDescription[] {
  const isConfigured = ({ name }: ScopeDescription) =>
    configured.some((scope) => scope.name === name);
  return [
    ...STANDARD_SCOPES.filter((scope) => !isConfigured(scope)),
    ...MANAGEMENT_SCOPE_DESCRIPTIONS,
    ...configured,
  ].map((scope) => ({ ...scope }));
}
