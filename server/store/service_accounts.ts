import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "./db/connect.ts";

/** A principal without a password, with scopes of its own. */
export interface ServiceAccount {
  id: string;
  name: string;
  scope: string;
  createdAt: Date;
  disabledAt?: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
}

interface Row {
  id: string;
  name: string;
  scope: string;
  created_at: Date;
  disabled_at: Date | null;
  managed_by: string | null;
}

function fromRow(row: Row): ServiceAccount {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
    managedBy: row.managed_by ?? undefined,
  };
}

/** Undefined if the name is taken, in any letter case. */
export async function createServiceAccount(
  sql: Sql | Transaction,
  account: { name: string; scope: string; now: Date },
): Promise<ServiceAccount | undefined> {
  const rows = await sql<Row[]>`
    insert into service_accounts (id, name, scope, created_at)
    select ${randomUUID()}::uuid, ${account.name}::text, ${account.scope}::text,
      ${account.now}::timestamptz
    where not exists (
      select from service_accounts
      where lower(name collate "C") = lower(${account.name}::text collate "C"))
    on conflict (name) do nothing
    returning *`;
  return rows.map(fromRow)[0];
}

export async function findServiceAccountByName(
  sql: Sql | Transaction,
  name: string,
): Promise<ServiceAccount | undefined> {
  const rows = await sql<Row[]>`select * from service_accounts where name = ${name}`;
  return rows.map(fromRow)[0];
}

export async function listServiceAccounts(sql: Sql): Promise<ServiceAccount[]> {
  const rows = await sql<Row[]>`select * from service_accounts order by name limit 1000`;
  return rows.map(fromRow);
}

/** Sets the scopes that an account may carry at most. */
export async function setServiceAccountScope(
  sql: Sql | Transaction,
  { id, scope }: { id: string; scope: string },
): Promise<void> {
  await sql`update service_accounts set scope = ${scope} where id = ${id}`;
}

/** False if there is no account with this name. */
export async function setServiceAccountDisabled(
  sql: Sql,
  change: { name: string; disabled: boolean; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update service_accounts
    set disabled_at = case when ${change.disabled}::boolean then coalesce(disabled_at, ${change.now}) end
    where name = ${change.name} returning id`;
  return rows.length === 1;
}
