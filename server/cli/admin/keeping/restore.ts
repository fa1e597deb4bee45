import { formatExactCount } from "../../../../shared/exact_count.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { shellWord } from "../../../../shared/shell_word.ts";
import type { BackupHeader } from "../../../backup/format.ts";
import { closeRestored } from "../../../backup/close_restored.ts";
import { restoreBackup, type RestoredBackup } from "../../../backup/restore_backup.ts";
import { verifyBackup } from "../../../backup/verify_backup.ts";
import { loadAdminConfig } from "../../../config/load.ts";
import type { ServerIo } from "../../../io.ts";
import { createEncryption } from "../../../security/encryption.ts";
import { reportConfigFile, reportFailure, reportProblems, reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { rowCount } from "./amounts.ts";
import { headerJson } from "./backup.ts";
import { rowProgress } from "./row_progress.ts";
import { chooseDecryption, type PassphraseOptions } from "./secrets.ts";

type RestoreOptions = DatabaseOptions & PassphraseOptions & {
  verify?: boolean;
  force?: boolean;
  identity?: string;
  json?: boolean;
};

/** `admin restore`. */
export async function adminRestore(
  path: string,
  { verify = false, force = false, json = false, identity, passphrase, passphraseFile, ...options }:
    RestoreOptions,
  io: ServerIo,
): Promise<number> {
  const progress = rowProgress("Restoring…", io);
  try {
    if (path === "-") return reportUsage("A backup is restored from a file. Name one.", io);
    const keys = await chooseDecryption({ identity, passphrase, passphraseFile }, io);
    if (typeof keys === "number") return keys;
    if (verify) {
      const header = await verifyBackup(path, keys);
      io.stdout(
        json
          ? formatJson({ ...headerJson(header), migrated: [], keptAs: null })
          : describeVerified(path, header, io),
      );
      return EXIT.ok;
    }
    const loaded = await loadAdminConfig(options, io);
    const { config, problems } = loaded;
    if (problems.length > 0) return reportProblems(problems, io);
    reportConfigFile(loaded, io);
    if (config.databaseUrl !== undefined) {
      return reportUsage(
        "A backup is restored as an embedded database, and database_url is set. Restore it to a " +
          "folder with --data-dir, and move that to PostgreSQL with admin move-to. A dump of " +
          "pg_dump is restored with pg_restore.",
        io,
      );
    }
    const { clock, signal } = io;
    const restored = await restoreBackup(path, {
      ...{ dataDir: config.dataDir, clock, signal, keys, replace: force },
      encryption: createEncryption(config),
      onProgress: progress.show,
      prepare: (sql, header) => closeRestored(sql, clock, header),
    });
    progress.clear();
    io.stdout(json ? formatJson(toJson(restored)) : describe(restored, io));
    io.stderr(advice(restored.header, options));
    return EXIT.ok;
  } catch (error) {
    progress.clear();
    if (io.signal.aborted) {
      io.stderr("Interrupted. The database is as it was before.\n");
      return EXIT.interrupted;
    }
    return reportFailure(error, io);
  }
}

function describeVerified(
  path: string,
  header: BackupHeader,
  io: Pick<ServerIo, "timeZone">,
): string {
  return `${path} is complete: ${contents(header, io)}.\n`;
}

function describe(
  { header, migrated, keptAs }: RestoredBackup,
  io: Pick<ServerIo, "timeZone">,
): string {
  const newer = migrated.length === 0
    ? ""
    : `Applied ${formatExactCount(migrated.length, "migration")} that the backup did not have.\n`;
  const kept = keptAs === undefined
    ? ""
    : `The database that was there is kept as ${keptAs}. Delete it when it is no longer needed.\n`;
  return `Restored ${contents(header, io)}.\n${newer}${kept}`;
}

function contents(header: BackupHeader, { timeZone }: Pick<ServerIo, "timeZone">): string {
  return `${formatExactCount(rowCount(header), "row")} of ${
    formatExactCount(header.tables.length, "table")
  }, as of ${formatTime(Date.parse(header.createdAt), timeZone)} (version ${header.version})`;
}

/** What was revoked since is valid again. */
function advice({ createdAt }: BackupHeader, { config, dataDir }: DatabaseOptions): string {
  // The same database as this command, and not that of a server which may be running.
  const place = [
    ...config === undefined ? [] : ["--config", config],
    ...dataDir === undefined ? [] : ["--data-dir", dataDir],
  ];
  const command = [brand.binaryName, "admin", "revoke-since", createdAt, ...place.map(shellWord)];
  return "Warning: what was revoked, disabled or deleted after that time is valid again. Before you " +
    `start the server, see what to end: ${command.join(" ")}\n`;
}

function toJson({ header, migrated, keptAs = undefined }: RestoredBackup) {
  return { ...headerJson(header), migrated, keptAs: keptAs ?? null };
}
