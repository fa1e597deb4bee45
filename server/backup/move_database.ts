import type { ServerIo } from "../io.ts";
import { openReachable } from "../open_store.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { openDatabase, type Sql } from "../store/db/connect.ts";
import {
  appliedMigrations,
  migrate,
  migrationStatus,
  unknownMigrations,
} from "../store/db/migrate.ts";
import { type Catalog, type DumpedTable, readCatalog } from "../store/dump/catalog.ts";
import { markComplete, markIncomplete, targetState } from "../store/dump/incomplete.ts";
import {
  createPartitions,
  loadTable,
  setSequences,
  TableMismatch,
} from "../store/dump/load_table.ts";
import { checkTable, readLines, readSnapshot, type TableCheck } from "../store/dump/read_rows.ts";
import { readMove, writeMove } from "../store/embedded/moved.ts";
import { BackupError } from "./backup_error.ts";

export interface MovedTable extends TableCheck {
  name: string;
  /** Whether it had been copied before, by a move that was interrupted. */
  wasThere: boolean;
}

export interface MovedDatabase {
  to: string;
  tables: MovedTable[];
}

interface MoveOptions {
  dataDir: string;
  databaseUrl: string;
  databaseListenUrl?: string;
  onProgress(rows: number, total: number): void;
}

/**
 * Copies the embedded database of a stopped server to an empty PostgreSQL database, each table in a
 * transaction. After an interruption at any point, the same call continues: a table whose rows and
 * checksum are the same on both sides is not copied again, and one that has changed since is. The
 * embedded database is only read. At the end, no server starts on it by mistake. Throws BackupError,
 * FolderLocked, and what opening the databases throws.
 */
export async function moveDatabase(
  { dataDir, onProgress, ...location }: MoveOptions,
  io: Pick<ServerIo, "stderr" | "signal" | "clock">,
): Promise<MovedDatabase> {
  const source = await openDatabase({ dataDir }, { mustExist: true, evenIfMoved: true });
  try {
    await checkCurrent(source.sql);
    const target = await openReachable({ dataDir, ...location }, io, {
      mustExist: true,
      patient: false,
    });
    const direct = target.openDirect();
    try {
      const to = target.description;
      const id = await beginMove(dataDir, direct.sql, to);
      await migrate(direct.sql, io.clock, { signal: io.signal });
      const tables = await readSnapshot(source.sql, async (from) => {
        const catalog = await readCatalog(from);
        await createPartitions(direct.sql, catalog.partitions);
        const lines = (table: DumpedTable) => () => readLines(from, table);
        const check = (table: DumpedTable) => checkTable(from, table);
        return await copyTables(catalog, { check, lines, onProgress }, direct.sql, io.signal);
      });
      await recordAuditEvent(direct.sql, io.clock, {
        event: "database.moved",
        actor: "operator",
        details: { move: id, rows: tables.reduce((sum, { rows }) => sum + rows, 0) },
      });
      // In this order: between the two no server starts on either, and the same call finishes.
      const finishedAt = new Date(io.clock.now()).toISOString();
      await writeMove(dataDir, { id, to, finishedAt });
      await markComplete(direct.sql);
      return { to, tables };
    } finally {
      await direct.close();
      await target.close();
    }
  } catch (error) {
    throw error instanceof TableMismatch
      ? new BackupError("different", `The database cannot be moved: ${error.message}.`)
      : error;
  } finally {
    await source.close();
  }
}

/** Both have the tables of this version. */
async function checkCurrent(sql: Sql): Promise<void> {
  if (unknownMigrations(await appliedMigrations(sql)).length > 0) {
    throw new BackupError(
      "newer",
      "The embedded database is of a newer version. Move it with that version.",
    );
  }
  const pending = (await migrationStatus(sql)).filter(({ appliedAt }) => appliedAt === undefined);
  if (pending.length === 0) return;
  throw new BackupError(
    "different",
    "The embedded database is of an earlier version. Back it up, run the command migrate, and " +
      "move it then.",
  );
}

/** Returns the id of the move, a new one or that of one that was interrupted. */
async function beginMove(dataDir: string, target: Sql, to: string): Promise<string> {
  const move = await readMove(dataDir);
  const { isEmpty, moveId } = await targetState(target);
  if (moveId !== undefined && moveId === move?.id) return moveId;
  if (move !== undefined && move.finishedAt !== null) {
    throw new BackupError(
      "moved",
      `The embedded database was moved to ${move.to} at ${move.finishedAt}. To move it again, to ` +
        `an empty database, delete moved.json in ${dataDir}.`,
    );
  }
  if (!isEmpty) {
    throw new BackupError(
      "not_empty",
      moveId === undefined
        ? `${to} has tables. Create an empty database for the move, or name a schema without ` +
          "tables with ?search_path= in database_url."
        : `${to} has a part of another database, whose move was interrupted. Continue that one, or ` +
          "create an empty database.",
    );
  }
  const id = crypto.randomUUID();
  await writeMove(dataDir, { id, to, finishedAt: null });
  await markIncomplete(target, id);
  return id;
}

interface TableSource {
  check(table: DumpedTable): Promise<TableCheck>;
  lines(table: DumpedTable): () => AsyncIterable<string[]>;
  onProgress(rows: number, total: number): void;
}

async function copyTables(
  { tables, sequences }: Catalog,
  source: TableSource,
  target: Sql,
  signal: AbortSignal,
): Promise<MovedTable[]> {
  const expected: (DumpedTable & TableCheck)[] = [];
  for (const table of tables) expected.push({ ...table, ...await source.check(table) });
  const total = expected.reduce((sum, { rows }) => sum + rows, 0);
  const moved: MovedTable[] = [];
  let rows = 0;
  for (const table of expected) {
    signal.throwIfAborted();
    const wasThere = isSame(table, await checkTable(target, table));
    if (wasThere) rows += table.rows;
    else {
      await loadTable(target, table, async function* () {
        for await (const lines of source.lines(table)()) {
          signal.throwIfAborted();
          yield lines;
          source.onProgress(rows += lines.length, total);
        }
      });
    }
    const { name, checksum } = table;
    moved.push({ name, checksum, rows: table.rows, wasThere });
  }
  await setSequences(target, sequences);
  // Again, of all: copying one empties the tables that refer to it.
  for (const table of expected) {
    if (isSame(table, await checkTable(target, table))) continue;
    throw new BackupError(
      "different",
      `The table ${table.name} differs after it was copied. Is another program writing to the ` +
        "database? Stop it, and run the same command again.",
    );
  }
  return moved;
}

function isSame(expected: TableCheck, actual: TableCheck): boolean {
  return expected.rows === actual.rows && expected.checksum === actual.checksum;
}
