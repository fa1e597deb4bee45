import { formatExactCount } from "../../../../shared/exact_count.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { moveDatabase, type MovedDatabase } from "../../../backup/move_database.ts";
import { loadConfig } from "../../../config/load.ts";
import type { ServerIo } from "../../../io.ts";
import { parsePostgresUrl, PostgresUrlError } from "../../../store/db/postgres_url.ts";
import { reportConfigFile, reportFailure, reportProblems, reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { rowProgress } from "./row_progress.ts";

/** `admin move-to`. */
export async function adminMoveTo(options: DatabaseOptions, io: ServerIo): Promise<number> {
  const progress = rowProgress("Moving…", io);
  try {
    if (hasPassword(options.databaseUrl)) {
      return reportUsage(
        "--database-url: other users of this machine see the password in it. Put the URL in a " +
          `file for --database-url-file, or in ${brand.envPrefix}_DATABASE_URL.`,
        io,
      );
    }
    const loaded = await loadConfig(options, io);
    const { config, problems } = loaded;
    if (problems.length > 0) return reportProblems(problems, io);
    reportConfigFile(loaded, io);
    const { dataDir, databaseUrl, databaseListenUrl } = config;
    if (databaseUrl === undefined) {
      return reportUsage(
        "Name the database to move to with --database-url-file, or with the setting database_url.",
        io,
      );
    }
    const target = { dataDir, databaseUrl, databaseListenUrl, onProgress: progress.show };
    const moved = await moveDatabase(target, io);
    progress.clear();
    io.stdout(describe(moved, dataDir));
    return EXIT.ok;
  } catch (error) {
    progress.clear();
    if (io.signal.aborted) {
      io.stderr("Interrupted. To continue, run the same command again.\n");
      return EXIT.interrupted;
    }
    return reportFailure(error, io);
  }
}

function hasPassword(url: string | undefined): boolean {
  try {
    return url !== undefined && parsePostgresUrl(url).password !== undefined;
  } catch (error) {
    // The settings report it.
    if (error instanceof PostgresUrlError) return false;
    throw error;
  }
}

function describe({ to, tables }: MovedDatabase, dataDir: string): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const before = tables.filter(({ wasThere, rows }) => wasThere && rows > 0).length;
  const earlier = before === 0
    ? ""
    : ` (${formatExactCount(before, "table")} had the same rows there before)`;
  return `Moved ${formatExactCount(rows, "row")} of ${
    formatExactCount(tables.length, "table")
  } to ${to}${earlier}. ` +
    "Rows and checksums of all tables are the same.\n\n" +
    "Next:\n" +
    `  1. Set database_url, or ${brand.envPrefix}_DATABASE_URL, to that database, and keep ` +
    "secret_key and issuer as they are.\n" +
    "  2. Start the server.\n" +
    `The embedded database in ${dataDir} was not changed, and is not used by mistake. Delete it ` +
    "when the server runs on PostgreSQL.\n";
}
