import { Buffer } from "node:buffer";
import { version } from "../../shared/version.ts";
import { keyOf } from "../security/encryption.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { appliedMigrations } from "../store/db/migrate.ts";
import { readCatalog } from "../store/dump/catalog.ts";
import { checkTable, readLines, readSnapshot } from "../store/dump/read_rows.ts";
import { listStoredSecrets } from "../store/server_secrets.ts";
import {
  type BackedUpTable,
  type BackupHeader,
  type EncryptedSecret,
  type Piece,
  writeBackup,
} from "./format.ts";

/** What a backup is about. */
export interface DumpSource {
  sql: Sql;
  /** Of what kind the database is. */
  kind: string;
  /** Nothing that was acknowledged before it is missing. */
  createdAt: Date;
}

/**
 * Passes the bytes of a backup to `write` while it has one state of the database. Returns the
 * header. `onProgress` is called with the table and the rows so far.
 */
export async function dumpDatabase<T>(
  source: DumpSource,
  write: (bytes: AsyncIterable<Uint8Array>, header: BackupHeader) => Promise<T>,
  onProgress: (rows: number, total: number) => void = () => {},
): Promise<T> {
  return await readSnapshot(source.sql, async (tx) => {
    const header = await readHeader(tx, source);
    const total = header.tables.reduce((sum, { rows }) => sum + rows, 0);
    let rows = 0;
    async function* counted(): AsyncGenerator<Piece> {
      for await (const piece of readPieces(tx, header.tables)) {
        yield piece;
        onProgress(rows += piece.lines.length, total);
      }
    }
    return await write(writeBackup(header, counted()), header);
  });
}

async function readHeader(
  tx: Transaction,
  { kind, createdAt }: DumpSource,
): Promise<BackupHeader> {
  const { tables, partitions, sequences } = await readCatalog(tx);
  const checked: BackedUpTable[] = [];
  for (const table of tables) checked.push({ ...table, ...await checkTable(tx, table) });
  return {
    version,
    createdAt: createdAt.toISOString(),
    database: kind,
    migrations: await appliedMigrations(tx),
    encryptedSecrets: await encryptedSecrets(tx),
    tables: checked,
    partitions,
    sequences,
  };
}

async function encryptedSecrets(tx: Transaction): Promise<EncryptedSecret[]> {
  const stored = await listStoredSecrets(tx);
  return stored.filter(({ value }) => keyOf(value) !== undefined).map(({ name, value }) => ({
    name,
    value: Buffer.from(value).toString("base64"),
  }));
}

async function* readPieces(
  tx: Transaction,
  tables: readonly BackedUpTable[],
): AsyncGenerator<Piece> {
  for (const table of tables) {
    for await (const lines of readLines(tx, table)) yield { table: table.name, lines };
  }
}
