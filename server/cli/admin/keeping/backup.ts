import { formatExactCount } from "../../../../shared/exact_count.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { checkTarget } from "../../../backup/backup_file.ts";
import { createBackup, type CreatedBackup, streamBackup } from "../../../backup/create_backup.ts";
import { isEncryptionChosen } from "../../../backup/file_encryption.ts";
import type { BackupHeader } from "../../../backup/format.ts";
import { type OpenSource, openSource } from "../../../backup/open_source.ts";
import { loadAdminConfig } from "../../../config/load.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import {
  describeFailure,
  reportConfigFile,
  reportDatabase,
  reportDomainError,
  reportFailure,
  reportProblems,
} from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { formatBytes, rowCount } from "./amounts.ts";
import { rowProgress } from "./row_progress.ts";
import { chooseEncryption, type PassphraseOptions } from "./secrets.ts";

type BackupOptions = DatabaseOptions & PassphraseOptions & {
  recipient?: string[];
  overwrite?: boolean;
  json?: boolean;
};

/** `admin backup`. */
export async function adminBackup(
  path: string,
  { recipient, passphrase, passphraseFile, overwrite = false, json = false, ...options }:
    BackupOptions,
  io: ServerIo,
): Promise<number> {
  const progress = rowProgress("Backing up…", io);
  try {
    const encryption = await chooseEncryption({ recipient, passphrase, passphraseFile }, io);
    if (typeof encryption === "number") return encryption;
    const loaded = await loadAdminConfig(options, io);
    if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
    reportConfigFile(loaded, io);
    // Before a running server copies its database for it.
    if (path !== "-") await checkTarget(path, overwrite);
    const source = await openSource(loaded.config, io);
    let created: CreatedBackup;
    try {
      reportDatabase(source.description, io);
      const { signal } = io;
      const settings = { encryption, overwrite, signal, onProgress: progress.show };
      created = path === "-"
        ? await streamBackup(source, io, settings)
        : await createBackup(source, path, settings);
      await record(source, created, isEncryptionChosen(encryption), io);
    } catch (error) {
      // The failure is reported; the database may be the reason for it.
      await source.record({ result: "failed" }).catch(() => {});
      throw error;
    } finally {
      progress.clear();
      await source.close();
    }
    const isEncrypted = isEncryptionChosen(encryption);
    const report = path === "-" ? io.stderr : io.stdout;
    report(json ? formatJson(toJson(path, created, isEncrypted)) : describe(path, created, io));
    if (!isEncrypted) io.stderr(warning(created.header));
    return EXIT.ok;
  } catch (error) {
    progress.clear();
    if (io.signal.aborted) {
      io.stderr("Interrupted. No backup was written.\n");
      return EXIT.interrupted;
    }
    return error instanceof DomainError ? reportDomainError(error, io) : reportFailure(error, io);
  }
}

/** What was written stays, although it cannot be recorded. */
async function record(
  source: OpenSource,
  { header, sha256, checked }: CreatedBackup,
  encrypted: boolean,
  io: ServerIo,
): Promise<void> {
  const details = { file_hash: sha256, rows: rowCount(header), encrypted, checked };
  try {
    await source.record({ details });
  } catch (error) {
    io.stderr(`Note: the backup is not in the audit log: ${describeFailure(error)}\n`);
  }
}

function describe(
  path: string,
  { header, bytes, checked }: CreatedBackup,
  io: Pick<ServerIo, "timeZone">,
): string {
  const rows = formatExactCount(rowCount(header), "row");
  const time = formatTime(Date.parse(header.createdAt), io.timeZone);
  const target = path === "-" ? "standard output" : path;
  return `Backed up ${rows} of ${
    formatExactCount(header.tables.length, "table")
  } as of ${time} to ${target} ` +
    `(${formatBytes(bytes)}).\n${CHECKS[checked]}\n`;
}

const CHECKS: Record<CreatedBackup["checked"], string> = {
  content: "The file was read back and has everything.",
  bytes: "The file was read back. Only the holder of the private key can decrypt it: check it " +
    "there with admin restore --verify.",
  none: "Check what arrived with admin restore --verify.",
};

function warning({ encryptedSecrets }: BackupHeader): string {
  const keys = encryptedSecrets.length === 0
    ? ", and the signing keys: with them, anyone can issue tokens"
    : ". The signing keys in it are encrypted with secret_key";
  return "Warning: the backup is not encrypted. It contains the users with their e-mail addresses " +
    `and password hashes${keys}. Use --recipient or --passphrase to encrypt it.\n`;
}

function toJson(
  path: string,
  { header, bytes, sha256, checked }: CreatedBackup,
  encrypted: boolean,
) {
  return {
    file: path === "-" ? null : path,
    bytes,
    fileHash: sha256,
    encrypted,
    checked,
    ...headerJson(header),
  };
}

/** What is in a backup, for `--json`. */
export function headerJson({ createdAt, version, database, migrations, tables }: BackupHeader) {
  return {
    createdAt,
    version,
    database,
    migration: migrations.at(-1) ?? null,
    tables: tables.map(({ name, rows }) => ({ name, rows })),
  };
}
