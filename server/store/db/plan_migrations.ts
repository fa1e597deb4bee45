/**
 * What pending migrations would lock, without touching the database: they are applied to an empty
 * one, whose locks are the same.
 */
import type { Clock } from "../../../shared/clock.ts";
import { openDatabase, type Sql, type Transaction } from "./connect.ts";
import { appliedMigrations, applyMigration, hasSchema, migrate } from "./migrate.ts";
import { type Migration, migrations } from "./migrations.ts";

/** What other sessions cannot do with a table meanwhile. */
export type Blocked = "reads_and_writes" | "writes" | "schema_changes";

export interface PlannedTable {
  name: string;
  blocks: Blocked;
  /** Whether all rows are written again, which takes long for a large table. */
  isRewritten: boolean;
  /** An estimate. */
  rows: number;
  bytes: number;
}

export interface PlannedMigration {
  name: string;
  /** Whether it runs outside of the transaction, while the server serves. */
  isConcurrent: boolean;
  /** Whether the previous version works with it. */
  isCompatible: boolean;
  /** Tables that exist before; new ones are locked too, but no session uses them. */
  tables: PlannedTable[];
}

/** From here on, each migration works with the program before it. */
const FIRST_COMPATIBLE = "0029";

const BLOCKED_BY: Record<string, Blocked> = {
  AccessExclusiveLock: "reads_and_writes",
  ExclusiveLock: "writes",
  ShareRowExclusiveLock: "writes",
  ShareLock: "writes",
  ShareUpdateExclusiveLock: "schema_changes",
};
const SEVERITY: readonly Blocked[] = ["schema_changes", "writes", "reads_and_writes"];

/** `scratchFolder` gets an embedded database; the caller deletes it. */
export async function planMigrations(
  sql: Sql,
  clock: Clock,
  { scratchFolder, all = migrations }: { scratchFolder: string; all?: readonly Migration[] },
): Promise<PlannedMigration[]> {
  const applied = await hasSchema(sql) ? await appliedMigrations(sql) : [];
  const pending = all.filter(({ name }) => !applied.includes(name));
  if (pending.length === 0) return [];
  const scratch = await openDatabase({ dataDir: scratchFolder });
  try {
    await migrate(scratch.sql, clock, { only: applied, all });
    const plan: PlannedMigration[] = [];
    for (const migration of pending) {
      const locked = migration.indexes === undefined
        ? await scratch.sql.begin((tx) => observeLocks(tx, migration)) as LockedTable[]
        : locksOfIndexes(migration.indexes);
      const tables = await Promise.all(locked.map(async (table) => ({
        ...table,
        ...await sizeOf(sql, table.name),
      })));
      plan.push({
        name: migration.name,
        isConcurrent: migration.indexes !== undefined,
        isCompatible: migration.name >= FIRST_COMPATIBLE,
        tables,
      });
    }
    return plan;
  } finally {
    await scratch.close();
  }
}

type LockedTable = Pick<PlannedTable, "name" | "blocks" | "isRewritten">;

function locksOfIndexes(indexes: NonNullable<Migration["indexes"]>): LockedTable[] {
  const names = new Set(indexes.map(({ table }) => table));
  return [...names].map((name) => ({ name, blocks: "schema_changes", isRewritten: false }));
}

async function observeLocks(tx: Transaction, migration: Migration): Promise<LockedTable[]> {
  const before = await filesOfTables(tx);
  await applyMigration(tx, migration, {});
  const locks = await tx<{ name: string; mode: string }[]>`
    select c.relname as name, l.mode from pg_locks l
    join pg_class c on c.oid = l.relation
    where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted
      and c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')`;
  const after = await filesOfTables(tx);
  const blocked = new Map<string, Blocked>();
  for (const { name, mode } of locks) {
    const blocks = BLOCKED_BY[mode];
    if (blocks === undefined || !before.has(name)) continue;
    const known = blocked.get(name);
    if (known === undefined || SEVERITY.indexOf(blocks) > SEVERITY.indexOf(known)) {
      blocked.set(name, blocks);
    }
  }
  return [...blocked].map(([name, blocks]) => ({
    ...{ name, blocks },
    isRewritten: after.has(name) && after.get(name) !== before.get(name),
  })).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** A table that is rewritten gets another file. */
async function filesOfTables(tx: Transaction): Promise<Map<string, string>> {
  const rows = await tx<{ name: string; file: string }[]>`
    select relname as name, relfilenode::text as file from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
      and relname <> 'schema_migrations'`;
  return new Map(rows.map(({ name, file }) => [name, file]));
}

/** A table that an earlier pending migration creates is empty. */
async function sizeOf(sql: Sql, table: string): Promise<{ rows: number; bytes: number }> {
  const [{ rows, bytes }] = await sql<{ rows: number; bytes: number }[]>`
    select coalesce(max(greatest(reltuples, 0)), 0)::float8 as rows,
      coalesce(max(pg_total_relation_size(oid)), 0)::float8 as bytes
    from pg_class where oid = to_regclass(${table})`;
  return { rows, bytes };
}
