/** Scopes of the default resource besides those of the config file. */
import type { ScopeDescription } from "../scopes.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** More than anyone declares. */
const MAX_SCOPES = 1000;

/** The oldest first. */
export async function listStoredScopes(sql: Sql | Transaction): Promise<ScopeDescription[]> {
  const rows = await sql<{ name: string; definition: Omit<ScopeDescription, "name"> }[]>`
    select name, definition from scopes order by created_at, name limit ${MAX_SCOPES}`;
  return rows.map(({ name, definition }) => ({ ...definition, name }));
}

/** False if there is a scope of this name. */
export async function insertStoredScope(
  tx: Transaction,
  { name, ...definition }: ScopeDescription,
  now: Date,
): Promise<boolean> {
  const rows = await tx`
    insert into scopes (name, definition, created_at)
    values (${name}, ${tx.json(asJson(tx, definition))}, ${now})
    on conflict do nothing returning name`;
  return rows.length === 1;
}

/** False if there is no scope of this name. */
export async function updateStoredScope(
  tx: Transaction,
  { name, ...definition }: ScopeDescription,
): Promise<boolean> {
  const rows = await tx`
    update scopes set definition = ${tx.json(asJson(tx, definition))} where name = ${name}
    returning name`;
  return rows.length === 1;
}

/** False if there is no scope of this name. */
export async function deleteStoredScope(tx: Transaction, name: string): Promise<boolean> {
  return (await tx`delete from scopes where name = ${name} returning name`).length === 1;
}

function asJson(tx: Transaction, definition: Omit<ScopeDescription, "name">) {
  return definition as unknown as Parameters<typeof tx.json>[0];
}
