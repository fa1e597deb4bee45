import { brand } from "../../shared/brand.ts";
import type { Sql } from "./db/connect.ts";

/** A client (RFC 6749 section 2). Without `secretHash` it is public. */
export interface Client {
  id: string;
  name: string;
  secretHash?: Uint8Array;
}

/** Known to every server without registration. */
export const commandLineClient: Client = {
  id: brand.cliClientId,
  name: `${brand.productName} command line`,
};

interface Row {
  id: string;
  name: string;
  secret_hash: Uint8Array;
  created_at: Date;
}

export async function findClient(sql: Sql, id: string): Promise<Client | undefined> {
  if (id === commandLineClient.id) return commandLineClient;
  const rows = await sql<Row[]>`select * from clients where id = ${id}`;
  return rows.map((row) => ({ id: row.id, name: row.name, secretHash: row.secret_hash }))[0];
}

/** Registers a confidential client. */
export async function insertClient(
  sql: Sql,
  client: { id: string; name: string; secretHash: Uint8Array; now: Date },
): Promise<void> {
  await sql`
    insert into clients (id, name, secret_hash, created_at)
    values (${client.id}, ${client.name}, ${client.secretHash}, ${client.now})`;
}

export async function listClients(
  sql: Sql,
): Promise<{ id: string; name: string; createdAt: Date }[]> {
  const rows = await sql<Row[]>`select * from clients order by created_at limit 1000`;
  return rows.map((row) => ({ id: row.id, name: row.name, createdAt: row.created_at }));
}

/** False if there is no client with this id. */
export async function deleteClient(sql: Sql, id: string): Promise<boolean> {
  return (await sql`delete from clients where id = ${id} returning id`).length === 1;
}
