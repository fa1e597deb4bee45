import type { Sql, Transaction } from "./db/connect.ts";

/** What can have an owner, by the names that operators use. */
export const OWNED_KINDS = ["service-account", "trust-rule", "client", "resource"] as const;
export type OwnedKind = typeof OWNED_KINDS[number];

/** Something that a user looks after. */
export interface Owned {
  kind: OwnedKind;
  /** Its name; of a client its id. */
  name: string;
}

export interface ListedOwned extends Owned {
  /** Null: the operator. */
  owner: { id: string; email: string; disabled: boolean } | null;
}

const TABLES: Readonly<Record<OwnedKind, { table: string; key: string }>> = {
  "service-account": { table: "service_accounts", key: "name" },
  "trust-rule": { table: "trust_rules", key: "name" },
  client: { table: "clients", key: "id" },
  resource: { table: "resources", key: "name" },
};

/** More than anyone has. */
const MAX_OWNED = 4000;

/** Everything that can have an owner, or what one user owns. */
export async function listOwned(
  sql: Sql | Transaction,
  { ownerId }: { ownerId?: string } = {},
): Promise<ListedOwned[]> {
  const rows = await sql<
    (Owned & { owner_id: string | null; email: string; disabled: boolean })[]
  >`
    select o.kind, o.name, o.owner_id, u.email, u.disabled_at is not null as disabled from (
      select 1 as rank, 'service-account' as kind, name, owner_id from service_accounts
      union all select 2, 'trust-rule', name, owner_id from trust_rules
      union all select 3, 'client', id, owner_id from clients
      union all select 4, 'resource', name, owner_id from resources
    ) o left join users u on u.id = o.owner_id
    where ${ownerId ?? null}::uuid is null or o.owner_id = ${ownerId ?? null}::uuid
    order by o.rank, o.name limit ${MAX_OWNED}`;
  return rows.map(({ kind, name, owner_id: id, email, disabled }) => ({
    kind,
    name,
    owner: id === null ? null : { id, email, disabled },
  }));
}

/** Null removes the owner. False if there is nothing of this name. */
export async function setOwner(
  sql: Sql | Transaction,
  { kind, name, ownerId }: Owned & { ownerId: string | null },
): Promise<boolean> {
  const { table, key } = TABLES[kind];
  const rows = await sql`
    update ${sql(table)} set owner_id = ${ownerId} where ${sql(key)} = ${name}
    returning ${sql(key)}`;
  return rows.length === 1;
}

/** Gives everything that a user owns to another one. */
export async function transferOwned(
  tx: Transaction,
  { from, to }: { from: string; to: string },
): Promise<void> {
  for (const { table } of Object.values(TABLES)) {
    await tx`update ${tx(table)} set owner_id = ${to} where owner_id = ${from}`;
  }
}
