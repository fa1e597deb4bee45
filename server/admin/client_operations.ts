import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { DomainError } from "../domain_error.ts";
import { revokeClientLogins } from "../logins/revoke_client_logins.ts";
import { auditedChanges, auditedRemoval } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import {
  type Client,
  type ClientPolicy,
  commandLineClient,
  type ConsentPolicy,
  deleteClient,
  findClient,
  insertClient,
  listClients,
  type ListedClient,
  lockClient,
  rotateClientSecret,
  setClientDisabled as storeClientDisabled,
  updateClientPolicy,
} from "../store/clients.ts";
import { managingFile } from "../store/managed_file.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { setOwner } from "../store/owners.ts";
import { adminEvent } from "./admin_event.ts";
import { checkClientId, checkClientPolicy } from "./client_policy.ts";
import { clientVersion } from "./client_version.ts";
import { editing } from "./managed.ts";
import type { AdminDeps, Empty, Operation } from "./operation.ts";
import { snippet, type SnippetLanguage } from "./snippets/snippet.ts";

/** What the operations on clients need. */
export type ClientDeps =
  & Pick<
    AdminDeps,
    "sql" | "clock" | "actor" | "address" | "loginId" | "applying" | "catalog"
  >
  & { config: Omit<AdminDeps["config"], "mail" | "session"> };

type ClientOperation<Params, Result> = (deps: ClientDeps, params: Params) => Promise<Result>;

/** A client as operators see it. */
export interface ClientView {
  id: string;
  name: string;
  type: "public" | "confidential";
  isBuiltIn: boolean;
  /** Described by the document at its id, not registered. */
  isDocument: boolean;
  /** When that document last said something else than before; ISO 8601. */
  documentChangedAt: string | null;
  homepage: string | null;
  grants: readonly string[];
  redirectUris: readonly string[];
  consent: ConsentPolicy;
  /** Null: all scopes that the catalog lets it request. */
  scopes: readonly string[] | null;
  /** Null: all for logins, and only the default one for introspection. */
  resources: readonly string[] | null;
  /** What its logins by device code need. */
  deviceFlow: readonly string[];
  /** Seconds; null: as configured. */
  accessTokenLifetime: number | null;
  refreshTokenIdleLifetime: number | null;
  refreshTokenAbsoluteLifetime: number | null;
  /** Until when the secret before the last rotation is accepted; ISO 8601. */
  previousSecretExpiresAt: string | null;
  createdAt: string | null;
  disabledAt: string | null;
  /** The file that manages it (`admin apply`); null: it is managed by hand. */
  managedBy: string | null;
  /** Whether that file has the secret too. */
  isSecretManaged: boolean;
}

/** What to change; undefined stays, null is removed. */
export type ClientChanges = { [Key in keyof ClientPolicy]?: ClientPolicy[Key] | null };

/** Registers a client, confidential if it has a secret. The secret arrives hashed, in base64. */
export const addClient: ClientOperation<
  { id: string; secretHash?: string } & ClientPolicy,
  ClientView | DomainError
> = async (deps, { id, secretHash, ...policy }) => {
  const problem = checkClientId(id) ?? checkClientPolicy(id, policy, deps);
  if (problem !== undefined) return problem;
  return await changeClient(
    deps,
    { id, event: "client.created", created: policy },
    async (tx, now) => {
      const isNew = id !== commandLineClient.id &&
        await insertClient(tx, { ...policy, id, secretHash: bytes(secretHash), now });
      if (isNew && deps.actor !== undefined) {
        await setOwner(tx, { kind: "client", name: id, ownerId: deps.actor });
      }
      return isNew || new DomainError(
        "conflict",
        `There is already a client ${id}. Choose another id.`,
        { field: "id" },
      );
    },
  );
};

/** All clients, the built-in command line first. */
export const listAllClients: ClientOperation<Empty, ClientView[]> = async ({ sql, clock }) =>
  (await listClients(sql)).map((client) => clientView(client, clock.now()));

export const showClient: ClientOperation<{ id: string }, ClientView | DomainError> = async (
  { sql, clock },
  { id },
) => {
  const client = await findClient(sql, id);
  return client === undefined ? noSuchClient(id) : clientView(client, clock.now());
};

/** A small command line in `language` that logs in as this client. */
export const clientSnippet: Operation<
  { id: string; language: SnippetLanguage },
  { source: string } | DomainError
> = async ({ sql, issuer }, { id, language }) => {
  const client = await findClient(sql, id);
  if (client === undefined) return noSuchClient(id);
  if (client.secretHash !== undefined || !client.grants.includes("device")) {
    return new DomainError(
      "invalid",
      `The client ${id} cannot log in from a command line: it needs to be public, with the ` +
        "grant device.",
      { field: "id" },
    );
  }
  return { source: snippet(language, { issuer, clientId: id, scopes: client.scopes }) };
};

/**
 * Changes what a client may do. It applies to its present logins too, at their next use. `version`
 * is that of the client that the changes were prepared for; undefined: any.
 */
export const updateClient: ClientOperation<
  { id: string; changes: ClientChanges; version?: string },
  ClientView | DomainError
> = editing(
  "client",
  ({ id }) => id,
  async (deps, { id, changes, version }) =>
    await changeClient(deps, { id, event: "client.changed", changes }, async (tx, now) => {
      await ensureRow(tx, id, now);
      const client = await lockClient(tx, id);
      if (client === undefined) return noSuchClient(id);
      if (version !== undefined && version !== clientVersion(client)) return changedMeanwhile(id);
      const described = describedByDocument(client, changes);
      if (described !== undefined) return described;
      // TypeScript cannot see that each null has become undefined, which only optional fields can be.
      const merged = Object.fromEntries(
        Object.entries({ ...client, ...withoutUndefined(changes) })
          .map(([key, value]) => [key, value ?? undefined]),
      ) as unknown as ListedClient;
      const problem = checkClientPolicy(id, merged, deps);
      if (problem !== undefined) return problem;
      return await updateClientPolicy(tx, id, merged);
    }),
);

/**
 * Replaces a client's secret; the present one is accepted for `overlapSeconds` more. With
 * `version`, a request that is sent twice rotates once.
 */
export const rotateSecret: ClientOperation<
  { id: string; secretHash: string; overlapSeconds: number; version?: string },
  ClientView | DomainError
> = editing(
  "client",
  ({ id }) => id,
  async (deps, { id, secretHash, overlapSeconds, version }) =>
    await changeClient(deps, { id, event: "client.secret_rotated" }, async (tx, now) => {
      const client = await lockClient(tx, id);
      if (version !== undefined && client !== undefined && version !== clientVersion(client)) {
        return changedMeanwhile(id);
      }
      const previousExpiresAt = new Date(now.getTime() + overlapSeconds * 1000);
      const isRotated = await rotateClientSecret(tx, {
        id,
        secretHash: bytes(secretHash)!,
        previousExpiresAt,
      });
      if (isRotated) return true;
      if (await findClient(tx, id) === undefined) return noSuchClient(id);
      return new DomainError("invalid", `The client ${id} is public: it has no secret.`, {
        field: "id",
      });
    }),
  "secret",
);

/** Disables or enables a client. While it is disabled, its logins and tokens do not work. */
export const setClientDisabled: ClientOperation<
  { id: string; disabled: boolean },
  ClientView | DomainError
> = editing("client", ({ id }) => id, async (deps, { id, disabled }) => {
  const event = disabled ? "client.disabled" : "client.enabled";
  return await changeClient(deps, { id, event }, async (tx, now) => {
    await ensureRow(tx, id, now);
    return await storeClientDisabled(tx, { id, disabled, now }) || noSuchClient(id);
  });
});

/** Removes a client and revokes its logins. */
export const removeClient: ClientOperation<
  { id: string },
  { loginsRevoked: number } | DomainError
> = editing("client", ({ id }) => id, async (deps, { id }) => {
  if (id === commandLineClient.id) {
    return new DomainError(
      "invalid",
      "The built-in command line cannot be removed. Disable it instead.",
      { field: "id" },
    );
  }
  return await deps.sql.begin(async (tx) => {
    const client = await findClient(tx, id);
    if (client === undefined || !await deleteClient(tx, id)) return noSuchClient(id);
    const now = new Date(deps.clock.now());
    const loginsRevoked = await revokeClientLogins(tx, { clientId: id, now });
    await recordAuditEvent(
      tx,
      deps.clock,
      adminEvent(deps, {
        event: "client.removed",
        subject: id,
        details: { logins: loginsRevoked, ...auditedRemoval(withoutSecrets(client)) },
      }),
    );
    return { loginsRevoked };
  }) as { loginsRevoked: number } | DomainError;
});

/** Runs `change` with its audit event in one transaction, and returns the client after it. */
async function changeClient(
  deps: ClientDeps,
  { id, event, changes, created }: {
    id: string;
    event: string;
    changes?: ClientChanges;
    created?: ClientPolicy;
  },
  change: (tx: Transaction, now: Date) => Promise<boolean | DomainError>,
): Promise<ClientView | DomainError> {
  return await deps.sql.begin(async (tx) => {
    const before = changes && await findClient(tx, id);
    const changed = await change(tx, new Date(deps.clock.now()));
    if (changed instanceof DomainError) return changed;
    const client = await findClient(tx, id);
    if (!changed || client === undefined) return noSuchClient(id);
    const details: Record<string, string> = changes === undefined
      ? auditedChanges({}, { ...created })
      : {
        changed: Object.keys(withoutUndefined(changes)).join(" "),
        ...auditedChanges({ ...before }, pick(client, Object.keys(withoutUndefined(changes)))),
      };
    await recordAuditEvent(tx, deps.clock, adminEvent(deps, { event, subject: id, details }));
    return clientView(client, deps.clock.now());
  }) as ClientView | DomainError;
}

function withoutSecrets(
  { secretHash: _, previousSecret: __, document: ___, ...settings }: Client,
): Record<string, unknown> {
  return settings;
}

function pick(client: Client, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(client).filter(([name]) => names.includes(name)));
}

/** What a client that is not registered says of itself is in its document. */
function describedByDocument(
  client: ListedClient,
  changes: ClientChanges,
): DomainError | undefined {
  const { id, document } = client;
  if (document === undefined) return undefined;
  const json = (value: unknown) => JSON.stringify(value ?? null);
  const field = (["name", "homepage", "redirectUris", "grants"] as const).find((field) =>
    changes[field] !== undefined && json(changes[field]) !== json(client[field])
  );
  if (field === undefined) return undefined;
  return new DomainError(
    "invalid",
    `The client ${id} is described by its document, so this cannot be changed here. You can ` +
      "limit its scopes and lifetimes, or disable it.",
    { field },
  );
}

/** Gives the built-in command line a row of its own before it is changed. */
async function ensureRow(tx: Sql | Transaction, id: string, now: Date): Promise<void> {
  if (id === commandLineClient.id) await insertClient(tx, { ...commandLineClient, now });
}

export function clientView(client: ListedClient, now: number): ClientView {
  const { previousSecret } = client;
  const isOverlapping = previousSecret !== undefined && previousSecret.expiresAt.getTime() > now;
  return {
    id: client.id,
    name: client.name,
    type: client.secretHash === undefined ? "public" : "confidential",
    isBuiltIn: client.id === commandLineClient.id,
    isDocument: client.document !== undefined,
    documentChangedAt: client.document?.changedAt?.toISOString() ?? null,
    homepage: client.homepage ?? null,
    grants: client.grants,
    redirectUris: client.redirectUris ?? [],
    consent: client.consent ?? "always",
    scopes: client.scopes ?? null,
    resources: client.resources ?? null,
    deviceFlow: client.deviceFlow ?? [],
    accessTokenLifetime: client.accessTokenLifetime ?? null,
    refreshTokenIdleLifetime: client.refreshTokenIdleLifetime ?? null,
    refreshTokenAbsoluteLifetime: client.refreshTokenAbsoluteLifetime ?? null,
    previousSecretExpiresAt: isOverlapping ? previousSecret.expiresAt.toISOString() : null,
    createdAt: client.createdAt?.toISOString() ?? null,
    disabledAt: client.disabledAt?.toISOString() ?? null,
    managedBy: managingFile(client),
    isSecretManaged: client.secretManagedBy !== undefined,
  };
}

function withoutUndefined(changes: ClientChanges): ClientChanges {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function bytes(base64: string | undefined): Uint8Array | undefined {
  if (base64 === undefined) return undefined;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function changedMeanwhile(id: string): DomainError {
  return new DomainError(
    "conflict",
    `The client ${id} was changed in the meantime. Check its settings and try again.`,
  );
}

function noSuchClient(id: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no client ${valueText(id)}. ` +
      `To list all clients, run: ${brand.binaryName} admin client list`,
    { field: "id" },
  );
}
