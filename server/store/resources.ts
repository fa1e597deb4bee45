import type { RegisteredResource, ResourceClaim } from "../resources/resource.ts";
import type { SigningAlgorithm } from "../config/server_config.ts";
import type { ScopeDescription } from "../scopes.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** More than anyone registers, and few enough to keep in memory. */
const MAX_RESOURCES = 1000;

export interface StoredResource extends RegisteredResource {
  createdAt: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
}

interface Row {
  name: string;
  identifier: string;
  title: string | null;
  scopes: ScopeDescription[];
  access_token_lifetime: number | null;
  signing_algorithm: SigningAlgorithm | null;
  claims: ResourceClaim[];
  created_at: Date;
  managed_by: string | null;
}

function fromRow(row: Row): StoredResource {
  return {
    name: row.name,
    identifier: row.identifier,
    title: row.title ?? undefined,
    scopes: row.scopes,
    accessTokenLifetime: row.access_token_lifetime ?? undefined,
    signingAlgorithm: row.signing_algorithm ?? undefined,
    claims: row.claims,
    createdAt: row.created_at,
    managedBy: row.managed_by ?? undefined,
  };
}

/** The resources in the database, oldest first. */
export async function listResources(sql: Sql | Transaction): Promise<StoredResource[]> {
  const rows = await sql<Row[]>`
    select * from resources order by created_at, name limit ${MAX_RESOURCES}`;
  return rows.map(fromRow);
}

export async function findStoredResource(
  sql: Sql,
  name: string,
): Promise<StoredResource | undefined> {
  const rows = await sql<Row[]>`select * from resources where name = ${name}`;
  return rows.map(fromRow)[0];
}

/** Finds a resource in the database, and locks it until the transaction is over. */
export async function lockResource(
  tx: Transaction,
  name: string,
): Promise<StoredResource | undefined> {
  const rows = await tx<Row[]>`select * from resources where name = ${name} for update`;
  return rows.map(fromRow)[0];
}

/** Serializes changes of resources: names of scopes are unique across all of them. */
export async function lockResources(tx: Transaction): Promise<void> {
  await tx`lock table resources in share row exclusive mode`;
}

/** False if the name or the identifier is taken. */
export async function insertResource(
  sql: Sql | Transaction,
  { now, ...resource }: RegisteredResource & { now: Date },
): Promise<boolean> {
  const rows = await sql`
    insert into resources (
      name, identifier, title, scopes, access_token_lifetime, signing_algorithm, claims, created_at
    ) values (
      ${resource.name}, ${resource.identifier}, ${resource.title ?? null},
      ${sql.json(scopesAsJson(resource.scopes))}, ${resource.accessTokenLifetime ?? null},
      ${resource.signingAlgorithm ?? null}, ${sql.json([...resource.claims])}, ${now}
    ) on conflict do nothing returning name`;
  return rows.length === 1;
}

/**
 * Replaces all but the name and the identifier, which tokens and logins refer to. False if there
 * is no row with this name.
 */
export async function updateResource(
  sql: Sql | Transaction,
  resource: Omit<RegisteredResource, "identifier">,
): Promise<boolean> {
  const rows = await sql`
    update resources set
      title = ${resource.title ?? null}, scopes = ${sql.json(scopesAsJson(resource.scopes))},
      access_token_lifetime = ${resource.accessTokenLifetime ?? null},
      signing_algorithm = ${resource.signingAlgorithm ?? null},
      claims = ${sql.json([...resource.claims])}
    where name = ${resource.name} returning name`;
  return rows.length === 1;
}

/** False if there is no row with this name. */
export async function deleteResource(sql: Sql | Transaction, name: string): Promise<boolean> {
  return (await sql`delete from resources where name = ${name} returning name`).length === 1;
}

function scopesAsJson(scopes: readonly ScopeDescription[]) {
  return scopes.map((
    { name, description, roles, groups, clients, tokens, deviceFlow, factor },
  ) => ({
    name,
    description,
    ...roles && { roles: [...roles] },
    ...groups && { groups: [...groups] },
    ...clients && { clients },
    ...tokens !== undefined && { tokens },
    ...deviceFlow && { deviceFlow: [...deviceFlow] },
    ...factor && { factor },
  }));
}
