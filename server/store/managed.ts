/** Which file manages what: see server/admin/apply. */
import type { Sql, Transaction } from "./db/connect.ts";

/** What a file can declare, by the names that operators use. */
export const MANAGED_KINDS = [
  "client",
  "resource",
  "scope",
  "group",
  "identity-provider",
  "trust-rule",
  "service-account",
  "directory",
] as const;
export type ManagedKind = typeof MANAGED_KINDS[number];

/** Something that a file can manage. */
export interface ManagedThing {
  kind: ManagedKind;
  /** Its name; of a client its id. */
  name: string;
}

/** A part of it that can be managed by hand where the rest is not. */
export type ManagedPart = "secret" | "members";

const TABLES: Readonly<Record<ManagedKind, { table: string; key: string }>> = {
  client: { table: "clients", key: "id" },
  resource: { table: "resources", key: "name" },
  scope: { table: "scopes", key: "name" },
  group: { table: "groups", key: "name" },
  "identity-provider": { table: "identity_providers", key: "name" },
  "trust-rule": { table: "trust_rules", key: "name" },
  "service-account": { table: "service_accounts", key: "name" },
  directory: { table: "directories", key: "name" },
};

const COLUMNS: Readonly<Record<ManagedPart | "all", string>> = {
  all: "managed_by",
  secret: "secret_managed_by",
  members: "members_managed_by",
};

/** Key of the advisory lock, which is released with its transaction. */
const APPLY_LOCK = 7225935;

/** Excludes `lockForApply` until the transaction is over. */
export async function lockForEdit(tx: Transaction): Promise<void> {
  await tx`select pg_advisory_xact_lock_shared(${APPLY_LOCK})`;
}

/** Excludes other applications of files and all edits of what they can manage. */
export async function lockForApply(tx: Transaction): Promise<void> {
  await tx`select pg_advisory_xact_lock(${APPLY_LOCK})`;
}

/** `file:NAME`; undefined: managed by hand, or there is nothing of this name. */
export async function findManager(
  sql: Sql | Transaction,
  { kind, name }: ManagedThing,
  part: ManagedPart | "all" = "all",
): Promise<string | undefined> {
  const { table, key } = TABLES[kind];
  const rows = await sql<{ manager: string | null }[]>`
    select ${sql(COLUMNS[part])} as manager from ${sql(table)} where ${sql(key)} = ${name}`;
  return rows[0]?.manager ?? undefined;
}

/** The groups whose members a file manages, in lower case, and the file as `file:NAME`. */
export async function listManagedMembers(tx: Transaction): Promise<Map<string, string>> {
  const rows = await tx<{ name: string; manager: string }[]>`
    select lower(name collate "C") as name, members_managed_by as manager from groups
    where members_managed_by is not null`;
  return new Map(rows.map(({ name, manager }) => [name, manager]));
}

/** Null: managed by hand from now on. */
export async function setManager(
  tx: Transaction,
  { kind, name }: ManagedThing,
  manager: string | null,
  part: ManagedPart | "all" = "all",
): Promise<void> {
  const { table, key } = TABLES[kind];
  await tx`
    update ${tx(table)} set ${tx(COLUMNS[part])} = ${manager} where ${tx(key)} = ${name}`;
}

/** More than anyone declares. */
const MAX_MANAGED = 5000;

/** Everything that is managed by a file, and by which. */
export async function listManaged(
  sql: Sql | Transaction,
): Promise<(ManagedThing & { manager: string })[]> {
  const rows = await sql<{ kind: ManagedKind; name: string; manager: string }[]>`
    select m.kind, m.name, m.managed_by as manager from (
      select 'client' as kind, id as name, managed_by from clients
      union all select 'resource', name, managed_by from resources
      union all select 'scope', name, managed_by from scopes
      union all select 'group', name, managed_by from groups
      union all select 'identity-provider', name, managed_by from identity_providers
      union all select 'trust-rule', name, managed_by from trust_rules
      union all select 'service-account', name, managed_by from service_accounts
      union all select 'directory', name, managed_by from directories
    ) m where m.managed_by is not null
    order by m.kind, m.name limit ${MAX_MANAGED}`;
  return rows.map((row) => ({ ...row }));
}
