/**
 * Indexes on tables that may be large. Building one in a transaction would block writes until it is
 * done (PostgreSQL documentation, "Building Indexes Concurrently").
 */
import type postgres from "postgres";
import type { Clock } from "../../../shared/clock.ts";
import { untilAborted } from "../../../shared/deadline.ts";
import { withBackOff } from "../../back_off.ts";
import type { Sql, Transaction } from "./connect.ts";
import type { Migration } from "./migrations.ts";

export interface ConcurrentIndex {
  name: string;
  table: string;
  /** What follows the table in `create index`. */
  definition: string;
}

/** Key of the advisory lock: one process builds indexes. Others may migrate meanwhile. */
const BUILD_LOCK = 7_225_902;
/** Of tables up to this size, indexes are built with the other migrations, within moments. */
const SMALL_BYTES = 16 * 1024 * 1024;
const LOCK_TIMEOUT_MS = 60_000;

class BuildLocked extends Error {
  override readonly name = "BuildLocked";
}

/** Whether the tables are so small that the indexes can be built in a transaction. */
export async function areTablesSmall(
  tx: Transaction,
  indexes: readonly ConcurrentIndex[],
): Promise<boolean> {
  for (const { table } of indexes) {
    const [{ bytes }] = await tx<{ bytes: number }[]>`
      select coalesce(pg_relation_size(to_regclass(${table})), 0)::float8 as bytes`;
    if (bytes > SMALL_BYTES) return false;
  }
  return true;
}

/** Builds indexes of small tables. */
export async function buildInTransaction(
  tx: Transaction,
  indexes: readonly ConcurrentIndex[],
): Promise<void> {
  for (const { name, table, definition } of indexes) {
    if (await stateOf(tx, name) === "invalid") await tx.unsafe(`drop index ${name}`);
    await tx.unsafe(`create index if not exists ${name} on ${table} ${definition}`);
  }
}

/**
 * Builds the indexes of pending `migrations`, one by one and outside of a transaction. Can be
 * interrupted at any time: a later call drops what is invalid and builds what is missing. `sql` must
 * not go through a pooler. Returns the names of the migrations.
 */
export async function buildConcurrently(
  sql: Sql,
  clock: Clock,
  { migrations, signal, waitsFor = () => {}, onMigration = () => {} }: {
    migrations: readonly Migration[];
    signal: AbortSignal;
    waitsFor?(reason: string): void;
    onMigration?(name: string): void;
  },
): Promise<string[]> {
  if ((await pendingOf(sql, migrations)).length === 0) return [];
  const connection = await sql.reserve();
  try {
    return await withBackOff(
      async () => {
        const [{ locked }] = await connection<{ locked: boolean }[]>`
          select pg_try_advisory_lock(${BUILD_LOCK}) as locked`;
        if (!locked) throw new BuildLocked();
        return await buildLocked(connection, clock, { migrations, signal, onMigration });
      },
      (error) => {
        const isLocked = error instanceof BuildLocked;
        if (isLocked) waitsFor("another process is building indexes");
        return isLocked;
      },
      signal,
    );
  } finally {
    // A statement that was interrupted goes on until the connection is closed.
    if (!signal.aborted) connection.release();
  }
}

async function buildLocked(
  connection: postgres.ReservedSql,
  clock: Clock,
  { migrations, signal, onMigration }: {
    migrations: readonly Migration[];
    signal: AbortSignal;
    onMigration(name: string): void;
  },
): Promise<string[]> {
  const run = (statement: string) => untilAborted(connection.unsafe(statement), signal);
  await run("set statement_timeout = 0");
  await run(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
  // A process that is killed must not leave its statement running. Not on every system.
  await connection.unsafe("set client_connection_check_interval = '10s'").catch(() => {});
  const built: string[] = [];
  for (const { name, indexes = [], needs } of await pendingOf(connection, migrations)) {
    onMigration(name);
    for (const index of indexes) {
      const state = await stateOf(connection, index.name);
      if (state === "valid") continue;
      if (state === "invalid") await run(`drop index concurrently if exists ${index.name}`);
      await run(`create index concurrently ${index.name} on ${index.table} ${index.definition}`);
    }
    await connection`
      insert into schema_migrations (name, applied_at, needs)
      values (${name}, ${new Date(clock.now())}, ${needs ?? null})
      on conflict (name) do nothing`;
    built.push(name);
  }
  await connection`reset statement_timeout`;
  await connection`reset lock_timeout`;
  await connection`select pg_advisory_unlock(${BUILD_LOCK})`;
  return built;
}

async function pendingOf(
  sql: Sql | postgres.ReservedSql,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const applied = await sql<{ name: string }[]>`select name from schema_migrations`;
  const names = new Set(applied.map(({ name }) => name));
  return migrations.filter(({ name, indexes }) => indexes !== undefined && !names.has(name));
}

async function stateOf(
  sql: Transaction | postgres.ReservedSql,
  index: string,
): Promise<"missing" | "valid" | "invalid"> {
  const [row] = await sql<{ indisvalid: boolean }[]>`
    select indisvalid from pg_index where indexrelid = to_regclass(${index})`;
  return row === undefined ? "missing" : row.indisvalid ? "valid" : "invalid";
}
