import { Buffer } from "node:buffer";
import type { Clock } from "../../shared/clock.ts";
import { type Encryption, EncryptionKeyError } from "../security/encryption.ts";
import { openReplacement, type Sql } from "../store/db/connect.ts";
import { migrate, unknownMigrations } from "../store/db/migrate.ts";
import {
  createPartitions,
  loadTable,
  setSequences,
  TableMismatch,
} from "../store/dump/load_table.ts";
import { verifyStoredSecrets } from "../store/server_secrets.ts";
import { checkTable } from "../store/dump/read_rows.ts";
import { DatabaseExists, type ReplacementOptions } from "../store/embedded/embedded.ts";
import { BackupError } from "./backup_error.ts";
import { openBackupFile } from "./backup_file.ts";
import { decryptBackup, type DecryptionKeys } from "./file_encryption.ts";
import { type BackupHeader, BackupReader, type Piece } from "./format.ts";

export interface RestoredBackup {
  header: BackupHeader;
  /** Names of the migrations that the backup did not have. */
  migrated: string[];
  /** The folder with the earlier database; undefined if there was none. */
  keptAs?: string;
}

interface RestoreOptions {
  dataDir: string;
  clock: Clock;
  encryption: Encryption;
  keys: DecryptionKeys;
  /** Whether a database may be there, which is kept under another name. */
  replace: boolean;
  create?: ReplacementOptions["create"];
  onProgress(rows: number, total: number): void;
  signal: AbortSignal;
  /** Changes the database before it gets its place. */
  prepare(sql: Sql, header: BackupHeader): Promise<void>;
}

/**
 * Restores a backup as the embedded database of a data folder. It is built beside the one that is
 * there and takes its place at the end. Throws BackupError, FolderLocked, and what opening the
 * database throws.
 */
export async function restoreBackup(
  path: string,
  { dataDir, clock, encryption, keys, replace, create, onProgress, signal, prepare }:
    RestoreOptions,
): Promise<RestoredBackup> {
  const reader = new BackupReader(await decryptBackup(await openBackupFile(path), keys));
  const header = await reader.header();
  checkVersion(header);
  checkSecretKey(header, encryption);
  const database = await openReplacement(dataDir, { replace, create }).catch((error) => {
    throw error instanceof DatabaseExists ? notEmpty(dataDir) : error;
  });
  try {
    const { sql } = database;
    await migrate(sql, clock, { signal, only: header.migrations });
    await createPartitions(sql, header.partitions);
    await loadTables(sql, reader, { onProgress, signal });
    await setSequences(sql, header.sequences);
    for (const table of header.tables) await checkRestored(sql, table);
    const migrated = await migrate(sql, clock, { signal });
    await prepare(sql, header);
    signal.throwIfAborted();
    const keptAs = replace ? `database.${timeName(clock.now())}` : undefined;
    const wasThere = await database.install(keptAs);
    return { header, migrated, ...wasThere && { keptAs } };
  } catch (error) {
    await database.discard();
    throw error instanceof TableMismatch
      ? new BackupError("different", `The backup cannot be restored: ${error.message}.`)
      : error;
  }
}

/** Refuses what a newer version wrote, before anything else. */
export function checkVersion({ migrations, version }: BackupHeader): void {
  const unknown = unknownMigrations(migrations);
  if (unknown.length === 0) return;
  throw new BackupError(
    "newer",
    `The backup was written by a newer version (${version}), with the migration ${
      unknown.at(-1)
    }. Restore it with that version or a later one.`,
  );
}

/** The backup has stored secrets, but not the key that they were encrypted with. */
export function checkSecretKey(
  { encryptedSecrets }: BackupHeader,
  encryption: Encryption,
): void {
  const stored = encryptedSecrets.map(({ name, value }) => ({
    name,
    value: Buffer.from(value, "base64"),
  }));
  try {
    verifyStoredSecrets(stored, encryption);
  } catch (error) {
    if (!(error instanceof EncryptionKeyError)) throw error;
    throw new BackupError(
      "wrong_secret_key",
      "The backup needs the secret key that the server had when it was written; the backup does " +
        `not contain it. Nothing was changed. Details: ${error.message}`,
    );
  }
}

function notEmpty(dataDir: string): BackupError {
  return new BackupError(
    "not_empty",
    `There is a database in ${dataDir}. Use --force to replace it: the present one is kept under ` +
      "another name. Or restore to another folder with --data-dir.",
  );
}

async function loadTables(
  sql: Sql,
  reader: BackupReader,
  { onProgress, signal }: Pick<RestoreOptions, "onProgress" | "signal">,
): Promise<void> {
  const { tables } = await reader.header();
  const total = tables.reduce((sum, { rows }) => sum + rows, 0);
  let rows = 0;
  const pieces = new Lookahead(reader.pieces());
  for (const table of tables) {
    await loadTable(sql, table, async function* () {
      for (;;) {
        const piece = await pieces.peek();
        if (piece?.table !== table.name) return;
        signal.throwIfAborted();
        yield piece.lines;
        onProgress(rows += piece.lines.length, total);
        pieces.take();
      }
    });
  }
  // Reads the end of the file, which has the checksum of its start.
  await pieces.peek();
}

class Lookahead {
  #next?: Promise<IteratorResult<Piece, void>>;
  constructor(private readonly pieces: AsyncGenerator<Piece, void>) {}

  /** Undefined after the last one. */
  async peek(): Promise<Piece | undefined> {
    this.#next ??= this.pieces.next();
    const { value } = await this.#next;
    return value ?? undefined;
  }

  take(): void {
    this.#next = undefined;
  }
}

async function checkRestored(sql: Sql, table: BackupHeader["tables"][number]): Promise<void> {
  const { rows, checksum } = await checkTable(sql, table);
  if (rows === table.rows && checksum === table.checksum) return;
  throw new BackupError(
    "different",
    `The table ${table.name} differs from the backup after it was restored (${rows} rows of ${table.rows}). ` +
      "Nothing was changed. Report this as a bug.",
  );
}

/** A time as a part of a file name. */
function timeName(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}
