import { brand } from "../../shared/brand.ts";
import { LOOPBACK_REDIRECT } from "../../shared/oauth/redirect_uri.ts";
import { formatScope, parseScope } from "../../shared/oauth/scope.ts";
import type { DeviceFlowRule } from "../scopes.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** The ways to a token that a client can be allowed, by the names that operators use. */
export const CLIENT_GRANTS = ["device", "code", "exchange"] as const;
export type ClientGrant = typeof CLIENT_GRANTS[number];

/** Whether users are asked at each login in the browser, or once for the same permissions. */
export const CONSENT_POLICIES = ["always", "remember"] as const;
export type ConsentPolicy = typeof CONSENT_POLICIES[number];

/** What a client may do and how long what it gets is valid. */
export interface ClientPolicy {
  name: string;
  /** Where users find out more about it. */
  homepage?: string;
  grants: readonly ClientGrant[];
  /** Where the browser may return to, see shared/oauth/redirect_uri.ts; undefined: nowhere. */
  redirectUris?: readonly string[];
  /** Undefined: `always`. */
  consent?: ConsentPolicy;
  /** Undefined: all scopes that the catalog lets it request. */
  scopes?: readonly string[];
  /**
   * The names of the resources that it may use. Undefined: all for logins, and only the default
   * one for introspection.
   */
  resources?: readonly string[];
  /** What its logins by device code need besides what their scopes need. */
  deviceFlow?: readonly DeviceFlowRule[];
  /** Seconds; undefined: as configured. */
  accessTokenLifetime?: number;
  refreshTokenIdleLifetime?: number;
  refreshTokenAbsoluteLifetime?: number;
}

/** A client (RFC 6749 section 2). Without `secretHash` it is public (section 2.1). */
export interface Client extends ClientPolicy {
  id: string;
  secretHash?: Uint8Array;
  /** The secret before the last rotation, while it is accepted. */
  previousSecret?: { hash: Uint8Array; expiresAt: Date };
  disabledAt?: Date;
  /** Set if it is not registered, but described by the document at its id. */
  document?: {
    /** SHA-256 of what the document says. */
    hash: Uint8Array;
    /** It is fetched again before an approval after this time. */
    expiresAt: Date;
    /** When it last said something else than before. */
    changedAt?: Date;
  };
}

export interface ListedClient extends Client {
  /** Undefined for the built-in command line as long as the operator has not changed it. */
  createdAt?: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
  /** The same of its secret. */
  secretManagedBy?: string;
}

/** Known to every server without registration. */
export const commandLineClient: Client = {
  id: brand.cliClientId,
  name: `${brand.productName} command line`,
  grants: CLIENT_GRANTS,
  redirectUris: [LOOPBACK_REDIRECT],
};

interface Row {
  id: string;
  name: string;
  homepage: string | null;
  secret_hash: Uint8Array | null;
  previous_secret_hash: Uint8Array | null;
  previous_secret_expires_at: Date | null;
  grants: ClientGrant[];
  redirect_uris: string[];
  consent: ConsentPolicy;
  scope: string | null;
  resources: string[] | null;
  device_flow: DeviceFlowRule[] | null;
  access_token_lifetime: number | null;
  refresh_token_idle_lifetime: number | null;
  refresh_token_absolute_lifetime: number | null;
  created_at: Date;
  disabled_at: Date | null;
  document_hash: Uint8Array | null;
  document_expires_at: Date | null;
  document_changed_at: Date | null;
  managed_by: string | null;
  secret_managed_by: string | null;
}

function fromRow(row: Row): ListedClient {
  return {
    id: row.id,
    name: row.name,
    homepage: row.homepage ?? undefined,
    secretHash: row.secret_hash ?? undefined,
    previousSecret: row.previous_secret_hash === null ? undefined : {
      hash: row.previous_secret_hash,
      expiresAt: row.previous_secret_expires_at ?? new Date(0),
    },
    grants: row.grants,
    redirectUris: row.redirect_uris.length === 0 ? undefined : row.redirect_uris,
    consent: row.consent === "always" ? undefined : row.consent,
    scopes: row.scope === null ? undefined : parseScope(row.scope) ?? [],
    resources: row.resources ?? undefined,
    deviceFlow: row.device_flow ?? undefined,
    accessTokenLifetime: row.access_token_lifetime ?? undefined,
    refreshTokenIdleLifetime: row.refresh_token_idle_lifetime ?? undefined,
    refreshTokenAbsoluteLifetime: row.refresh_token_absolute_lifetime ?? undefined,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
    managedBy: row.managed_by ?? undefined,
    secretManagedBy: row.secret_managed_by ?? undefined,
    document: row.document_hash === null ? undefined : {
      hash: row.document_hash,
      expiresAt: row.document_expires_at ?? new Date(0),
      changedAt: row.document_changed_at ?? undefined,
    },
  };
}

export async function findClient(
  sql: Sql | Transaction,
  id: string,
): Promise<ListedClient | undefined> {
  const rows = await sql<Row[]>`select * from clients where id = ${id}`;
  return rows.map(fromRow)[0] ?? (id === commandLineClient.id ? commandLineClient : undefined);
}

/** Finds a client that has a row, and locks it until the transaction is over. */
export async function lockClient(tx: Transaction, id: string): Promise<ListedClient | undefined> {
  const rows = await tx<Row[]>`select * from clients where id = ${id} for update`;
  return rows.map(fromRow)[0];
}

/** False if the id is taken. */
export async function insertClient(
  sql: Sql | Transaction,
  client: Omit<Client, "previousSecret" | "disabledAt"> & { now: Date },
): Promise<boolean> {
  const rows = await sql`
    insert into clients (
      id, name, homepage, secret_hash, is_public, grants, redirect_uris, consent, scope, resources,
      access_token_lifetime, refresh_token_idle_lifetime, refresh_token_absolute_lifetime, device_flow,
      created_at
    ) values (
      ${client.id}, ${client.name}, ${client.homepage ?? null}, ${client.secretHash ?? null},
      ${client.secretHash === undefined}, ${sql.json([...client.grants])},
      ${sql.json([...client.redirectUris ?? []])}, ${client.consent ?? "always"},
      ${client.scopes === undefined ? null : formatScope(client.scopes)},
      ${client.resources === undefined ? null : sql.json([...client.resources])},
      ${client.accessTokenLifetime ?? null}, ${client.refreshTokenIdleLifetime ?? null},
      ${client.refreshTokenAbsoluteLifetime ?? null},
      ${client.deviceFlow === undefined ? null : sql.json([...client.deviceFlow])}, ${client.now}
    ) on conflict (id) do nothing returning id`;
  return rows.length === 1;
}

/** Replaces what a client may do; false if there is no row with this id. */
export async function updateClientPolicy(
  sql: Sql | Transaction,
  id: string,
  policy: ClientPolicy,
): Promise<boolean> {
  const rows = await sql`
    update clients set
      name = ${policy.name}, homepage = ${policy.homepage ?? null}, grants = ${
    sql.json([...policy.grants])
  },
      redirect_uris = ${sql.json([...policy.redirectUris ?? []])},
      consent = ${policy.consent ?? "always"},
      scope = ${policy.scopes === undefined ? null : formatScope(policy.scopes)},
      resources = ${policy.resources === undefined ? null : sql.json([...policy.resources])},
      access_token_lifetime = ${policy.accessTokenLifetime ?? null},
      refresh_token_idle_lifetime = ${policy.refreshTokenIdleLifetime ?? null},
      refresh_token_absolute_lifetime = ${policy.refreshTokenAbsoluteLifetime ?? null},
      device_flow = ${policy.deviceFlow === undefined ? null : sql.json([...policy.deviceFlow])}
    where id = ${id} returning id`;
  return rows.length === 1;
}

/** The present secret is accepted until `previousExpiresAt`, the one before it no longer. */
export async function rotateClientSecret(
  sql: Sql | Transaction,
  { id, secretHash, previousExpiresAt }: {
    id: string;
    secretHash: Uint8Array;
    previousExpiresAt: Date;
  },
): Promise<boolean> {
  const rows = await sql`
    update clients set
      previous_secret_hash = secret_hash, previous_secret_expires_at = ${previousExpiresAt},
      secret_hash = ${secretHash}
    where id = ${id} and secret_hash is not null returning id`;
  return rows.length === 1;
}

/** False if there is no row with this id. */
export async function setClientDisabled(
  sql: Sql | Transaction,
  { id, disabled, now }: { id: string; disabled: boolean; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update clients
    set disabled_at = case when ${disabled}::boolean then coalesce(disabled_at, ${now}) end
    where id = ${id} returning id`;
  return rows.length === 1;
}

/** All clients, the built-in command line first, then by age. */
export async function listClients(sql: Sql): Promise<ListedClient[]> {
  const rows = await sql<Row[]>`select * from clients order by created_at, id limit 1000`;
  const clients = rows.map(fromRow);
  const builtIn = clients.find(({ id }) => id === commandLineClient.id) ?? commandLineClient;
  return [builtIn, ...clients.filter(({ id }) => id !== commandLineClient.id)];
}

/** Which clients a list has. Undefined: all. */
export interface ClientFilter {
  /** A part of the name or the id. */
  search?: string;
  type?: "public" | "confidential";
  disabled?: boolean;
}

/** What a list of clients can be sorted by; the built-in command line is always the first. */
export const CLIENT_SORTS = ["created", "name"] as const;

export interface ClientSort {
  by: typeof CLIENT_SORTS[number];
  descending: boolean;
}

/** A place in the list of clients, which begins with the built-in command line. */
export interface ClientPosition {
  /** Undefined: that of the built-in command line. */
  createdAt?: Date;
  id: string;
}

/** The clients that match, the built-in command line first, then by age unless sorted otherwise. */
export async function listMatchingClients(
  sql: Sql,
  { limit, offset = 0, after, sort, ...filter }: ClientFilter & {
    limit: number;
    offset?: number;
    after?: ClientPosition;
    sort?: ClientSort;
  },
): Promise<ListedClient[]> {
  const builtIn = after === undefined ? await findMatchingCommandLine(sql, filter) : undefined;
  const first = builtIn !== undefined && offset === 0 ? [builtIn] : [];
  const skipped = builtIn === undefined ? offset : Math.max(0, offset - 1);
  const rows = await sql<Row[]>`
    select * from clients
    where ${matches(sql, filter)} ${
    after?.createdAt === undefined
      ? sql``
      : sql`and (created_at, id) > (${after.createdAt}, ${after.id})`
  }
    order by ${sort?.by === "name" ? sql`lower(name)` : sql`created_at`}
      ${sort?.descending ? sql`desc` : sql`asc`}, id
    limit ${limit - first.length} offset ${skipped}`;
  return [...first, ...rows.map(fromRow)];
}

export async function countClients(sql: Sql, filter: ClientFilter): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from clients where ${matches(sql, filter)}`;
  return count + (await findMatchingCommandLine(sql, filter) === undefined ? 0 : 1);
}

/** The built-in command line, which may have no row, if the filter matches it. */
async function findMatchingCommandLine(
  sql: Sql,
  { search, type, disabled }: ClientFilter,
): Promise<ListedClient | undefined> {
  const client = (await findClient(sql, commandLineClient.id))!;
  const part = search?.toLowerCase() ?? "";
  const isMatch = (client.name.toLowerCase().includes(part) || client.id.includes(part)) &&
    type !== "confidential" &&
    (disabled === undefined || disabled === (client.disabledAt !== undefined));
  return isMatch ? client : undefined;
}

/** The condition for clients other than the built-in command line. */
function matches(sql: Sql, { search, type, disabled }: ClientFilter) {
  const part = search?.toLowerCase() ?? null;
  const isPublic = type === undefined ? null : type === "public";
  return sql`id <> ${commandLineClient.id}
    and (${part}::text is null or strpos(id, ${part}::text) > 0
      or strpos(lower(name), ${part}::text) > 0)
    and (${isPublic}::boolean is null or is_public = ${isPublic}::boolean)
    and (${disabled ?? null}::boolean is null or (disabled_at is not null) = ${
    disabled ?? null
  }::boolean)`;
}

/** The longest lifetime of access tokens that a client has, in seconds. */
export async function longestClientLifetime(sql: Sql | Transaction): Promise<number> {
  const [{ longest }] = await sql<{ longest: number }[]>`
    select coalesce(max(access_token_lifetime), 0)::int as longest from clients`;
  return longest;
}

/** False if there is no client with this id. */
export async function deleteClient(sql: Sql | Transaction, id: string): Promise<boolean> {
  return (await sql`delete from clients where id = ${id} returning id`).length === 1;
}
