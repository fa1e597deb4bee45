/**
 * Why an account can have a scope, or not. The results come from the functions that decide wherever
 * a token is issued or used (server/scopes.ts, mayUseResource); the reasons name each condition.
 */
import { brand } from "../../shared/brand.ts";
import { mayUseResource } from "../resources/client_resources.ts";
import type { Resource } from "../resources/resource.ts";
import {
  accountScopes,
  clientScopes,
  type DeviceFlowRule,
  groupsOf,
  heldGroups,
  loginScopes,
  patScopes,
  type ScopedClient,
  type ScopeDescription,
} from "../scopes.ts";
import type { Membership } from "../store/groups.ts";
import { LOCAL } from "../store/groups.ts";
import { describeSource, directoryOf } from "./describe_source.ts";

/** What is known about the account. */
export interface ExplainedAccount {
  kind: "user" | "service_account";
  username: string;
  disabled: boolean;
  isAdmin: boolean;
  /** Of a user: whether the role was granted here, not by a directory. */
  hasRole: boolean;
  groups: readonly string[];
  /** Of a service account. */
  ownScopes?: readonly string[];
  memberships: readonly Membership[];
  /** What a user can confirm a sign-in with. */
  factors: { totp: boolean; passkeys: number };
  /** Groups of directories that have the name of a group, which has other sources. */
  uncounted: readonly { source: string; name: string }[];
}

export interface ExplainedClient extends ScopedClient {
  name: string;
  disabled: boolean;
  resources?: readonly string[];
  deviceFlow?: readonly DeviceFlowRule[];
}

/** One condition. */
export interface Reason {
  check: "account" | "groups" | "client" | "resource" | "token_kind" | "factor" | "device_flow";
  /** Null: depends on the request, such as where it comes from. */
  ok: boolean | null;
  message: string;
}

export interface AccessExplanation {
  /** Whether a login through the client can have the scope. */
  login: boolean;
  /** Whether a personal access token can have it. */
  personalAccessToken: boolean;
  /** The groups that the account is in, roles included, and where each comes from. */
  groups: { name: string; from: string[] }[];
  reasons: Reason[];
}

export function explainAccess(
  catalog: readonly ScopeDescription[],
  { account, client, scope, resource }: {
    account: ExplainedAccount;
    client: ExplainedClient;
    scope: ScopeDescription;
    resource: Resource;
  },
): AccessExplanation {
  const has = (scopes: readonly ScopeDescription[]) =>
    scopes.some(({ name }) => name === scope.name);
  const mayUse = !client.disabled && mayUseResource(client, resource);
  return {
    login: !account.disabled && mayUse && has(loginScopes(catalog, account, client)),
    personalAccessToken: !account.disabled && has(patScopes(catalog, account)),
    groups: groupsWithSources(account),
    reasons: [
      explainAccount(account),
      {
        check: "groups",
        ok: has(accountScopes(catalog, account)),
        message: explainGroups(account, scope),
      },
      {
        check: "client",
        ok: !client.disabled && has(clientScopes(catalog, client)),
        message: explainClient(client, scope),
      },
      explainResource(client, resource),
      explainTokenKind(scope),
      ...explainFactor(account, scope),
      ...explainDeviceFlow(client, scope),
    ],
  };
}

function explainAccount({ kind, username, disabled }: ExplainedAccount): Reason {
  const noun = kind === "user" ? "user" : "service account";
  return {
    check: "account",
    ok: !disabled,
    message: disabled
      ? `The ${noun} ${username} is disabled and can have no scope.`
      : `The ${noun} ${username} is enabled.`,
  };
}

/** Roles included. */
function groupsWithSources(account: ExplainedAccount): AccessExplanation["groups"] {
  if (account.kind === "service_account") return [];
  return heldGroups(account).map((name) => ({ name, from: sourcesOf(account, name) }));
}

function sourcesOf({ memberships, hasRole }: ExplainedAccount, name: string): string[] {
  if (name === "user") return ["every user"];
  return [
    ...name === "admin" && hasRole ? ["added here"] : [],
    ...memberships.filter(({ group }) => group === name).map(({ source, sourceName }) =>
      describeSource({ source, group: sourceName })
    ),
  ];
}

function explainGroups(account: ExplainedAccount, scope: ScopeDescription): string {
  const { kind, username, ownScopes = [], uncounted } = account;
  if (kind === "service_account") {
    return ownScopes.includes(scope.name)
      ? `${scope.name} is one of the scopes of the service account.`
      : `The scopes of the service account are ${ownScopes.join(" ") || "none"}. Groups do not ` +
        "apply to it.";
  }
  const allowed = groupsOf(scope);
  if (allowed === undefined || allowed.includes("user")) return "All users can have it.";
  const held = groupsWithSources(account).filter(({ name }) => allowed.includes(name));
  if (held.length > 0) {
    return `${username} is in ${
      held.map(({ name, from }) => `${name} (${from.join(", ")})`).join(" and ")
    }, which can have it.`;
  }
  const missing = `Only members of ${
    allowed.join(", ") || "no group"
  } can have it, and ${username} is in ${heldGroups(account).join(", ")}.`;
  const near = uncounted.filter(({ name }) => allowed.includes(name)).map(({ source, name }) =>
    source === LOCAL ? name : `${directoryOf(source)}:${name}`
  );
  return near.length === 0
    ? missing
    : `${missing} The membership in ${
      near.join(", ")
    } does not count, since the group is limited ` +
      "to other groups of directories (from).";
}

function explainClient(client: ExplainedClient, scope: ScopeDescription): string {
  const { id } = client;
  if (client.disabled) return `The client ${id} is disabled.`;
  if (scope.clients !== undefined && !scope.clients.includes(id)) {
    return `Only the clients ${scope.clients.join(", ") || "none"} may request it, not ${id}.`;
  }
  if (client.scopes !== undefined && !client.scopes.includes(scope.name)) {
    return `The client ${id} is limited to the scopes ${client.scopes.join(" ") || "none"}.`;
  }
  return clientScopes([scope], client).length > 0
    ? `The client ${id} may request it.`
    : `The client ${id} is not registered, so it may not manage anything on this server.`;
}

function explainResource(client: ExplainedClient, resource: Resource): Reason {
  const ok = mayUseResource(client, resource);
  return {
    check: "resource",
    ok,
    message: ok
      ? `It belongs to the resource ${resource.name}, which the client may use.`
      : `It belongs to the resource ${resource.name}. The client is limited to ${
        client.resources?.join(", ") || "none"
      }.`,
  };
}

/** Personal access tokens are created with the CLI and our own pages, which count as one client. */
function explainTokenKind(scope: ScopeDescription): Reason {
  const isForCli = clientScopes([scope], { id: brand.cliClientId }).length > 0;
  const ok = scope.tokens !== false && isForCli;
  return {
    check: "token_kind",
    ok,
    message: ok
      ? "Personal access tokens can have it."
      : isForCli
      ? "Personal access tokens cannot have it, only logins."
      : `Personal access tokens cannot have it: ${brand.cliClientId} is not one of its clients.`,
  };
}

/** The sign-in of the browser that approves decides; it can be repeated with the factor. */
function explainFactor(
  { kind, username, factors: { totp, passkeys } }: ExplainedAccount,
  { factor }: ScopeDescription,
): Reason[] {
  if (factor === undefined || kind === "service_account") return [];
  const has = [
    ...passkeys > 0 ? [`${passkeys} passkey${passkeys === 1 ? "" : "s"}`] : [],
    ...totp && factor === "2fa" ? ["an authenticator app"] : [],
  ];
  const needed = factor === "phr" ? "a passkey (phr)" : "a second factor (2fa)";
  return [{
    check: "factor",
    ok: null,
    message: `Approving it needs a sign-in with ${needed}. ${username} has ${
      has.join(" and ") || "none on this server yet"
    }.`,
  }];
}

/** The rules of the client and those of the scope all apply. */
function explainDeviceFlow(client: ExplainedClient, scope: ScopeDescription): Reason[] {
  const deviceFlow = [...new Set([...client.deviceFlow ?? [], ...scope.deviceFlow ?? []])];
  if (deviceFlow.length === 0) return [];
  return [{
    check: "device_flow",
    ok: null,
    message: deviceFlow.includes("off")
      ? "Logins by device code cannot have it: log in with a browser (--web)."
      : `A login by device code needs: ${deviceFlow.join(", ")}.`,
  }];
}
