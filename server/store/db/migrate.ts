import type { Clock } from "../../../shared/clock.ts";
import { withBackOff } from "../../back_off.ts";
import type { Sql, Transaction } from "./connect.ts";
import type { MigrationOptions } from "./migration_conflict.ts";
import { areTablesSmall, buildInTransaction } from "./concurrent_indexes.ts";
import { checkNotTooNew } from "./database_too_new.ts";
import { type Migration, migrations } from "./migrations.ts";

/** Key of the advisory lock: one replica migrates, the others wait. */
const MIGRATION_LOCK = 7_225_901;

export interface MigrationStatus {
  name: string;
  /** Undefined while it has not been applied. */
  appliedAt?: Date;
  /** A newer version has applied it: this one does not know it. */
  isNewer?: true;
}

export async function hasSchema(sql: Sql): Promise<boolean> {
  const [{ exists }] = await sql<{ exists: boolean }[]>`
    select to_regclass('schema_migrations') is not null as exists`;
  return exists;
}

/** Every migration that this version knows or that a newer one has applied, and when. */
export async function migrationStatus(sql: Sql): Promise<MigrationStatus[]> {
  const applied = await hasSchema(sql)
    ? await sql<{ name: string; applied_at: Date }[]>`
        select name, applied_at from schema_migrations order by name collate "C"`
    : [];
  const times = new Map(applied.map((row) => [row.name, row.applied_at]));
  return [
    ...migrations.map(({ name }) => ({ name, appliedAt: times.get(name) })),
    ...unknownMigrations([...times.keys()]).map((name) => ({
      ...{ name, appliedAt: times.get(name), isNewer: true as const },
    })),
  ];
}

/** The names of the applied migrations in order, those of a newer version included. */
export async function appliedMigrations(sql: Sql | Transaction): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from schema_migrations order by name collate "C"`;
  return rows.map(({ name }) => name);
}

/** Those of `names` that this version does not know. */
export function unknownMigrations(names: readonly string[]): string[] {
  return names.filter((name) => !migrations.some((migration) => migration.name === name));
}

class MigrationLocked extends Error {
  override readonly name = "MigrationLocked";
}

/** Longest wait for a table that another session uses. */
const TABLE_LOCK_TIMEOUT_MS = 60_000;

/**
 * Applies all pending migrations in one transaction, under a lock, so that several replicas can
 * start at the same time; except for indexes of tables that are large, see concurrent_indexes.ts.
 * Returns the names of those applied. Waits for another process that migrates until `signal` is
 * aborted. Throws MigrationConflict and DatabaseTooNew.
 */
export async function migrate(
  sql: Sql,
  clock: Clock,
  {
    signal = new AbortController().signal,
    waitsFor = () => {},
    onMigration = () => {},
    all = migrations,
    ...options
  }:
    & MigrationOptions
    & {
      signal?: AbortSignal;
      waitsFor?(reason: string): void;
      /** Called before each migration. */
      onMigration?(name: string): void;
      /** Those of this version, unless a test has others. */
      all?: readonly Migration[];
    } = {},
): Promise<string[]> {
  return await withBackOff(
    () => migrateLocked(sql, clock, options, { all, onMigration }),
    (error) => {
      const isLocked = error instanceof MigrationLocked;
      if (isLocked) waitsFor("another process is migrating it");
      return isLocked;
    },
    signal,
  );
}

/** Throws MigrationLocked instead of waiting in the database, where no signal has an effect. */
async function migrateLocked(
  sql: Sql,
  clock: Clock,
  options: MigrationOptions,
  { all, onMigration }: { all: readonly Migration[]; onMigration: (name: string) => void },
): Promise<string[]> {
  return await sql.begin(async (tx) => {
    const [{ locked }] = await tx<{ locked: boolean }[]>`
      select pg_try_advisory_xact_lock(${MIGRATION_LOCK}) as locked`;
    if (!locked) throw new MigrationLocked();
    // Rewriting a large table can take long.
    await tx`set local statement_timeout = 0`;
    await tx.unsafe(`set local lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
    await tx`
      create table if not exists schema_migrations (
        name text primary key,
        applied_at timestamptz not null
      )`;
    await addNeedsColumn(tx);
    await checkNotTooNew(tx, new Set(all.map(({ name }) => name)));
    const done = new Set(await appliedMigrations(tx));
    const applied: string[] = [];
    for (const migration of all) {
      const { name, indexes, needs } = migration;
      if (done.has(name)) continue;
      if (options.only !== undefined && !options.only.includes(name)) continue;
      if (indexes !== undefined && !await areTablesSmall(tx, indexes)) continue;
      onMigration(name);
      if (indexes === undefined) await applyMigration(tx, migration, options);
      else await buildInTransaction(tx, indexes);
      await tx`
        insert into schema_migrations (name, applied_at, needs)
        values (${name}, ${new Date(clock.now())}, ${needs ?? null})`;
      applied.push(name);
    }
    return applied;
  });
}

/** Runs a migration without recording it. */
export async function applyMigration(
  tx: Transaction,
  { sql, run }: Migration,
  options: MigrationOptions,
): Promise<void> {
  await tx.unsafe(sql);
  await run?.(tx, options);
}

/** Versions before it wrote no such column. Not `if not exists`, which would lock the table at each start. */
async function addNeedsColumn(tx: Transaction): Promise<void> {
  const [{ exists }] = await tx<{ exists: boolean }[]>`
    select exists (
      select from pg_attribute
      where attrelid = 'schema_migrations'::regclass and attname = 'needs' and not attisdropped
    ) as exists`;
  if (!exists) await tx`alter table schema_migrations add column needs text`;
}
