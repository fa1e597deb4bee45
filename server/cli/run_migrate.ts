import { listMigrations } from "../admin/migration_operations.ts";
import type { OperationResult } from "../admin/operations.ts";
import { callAdminRpc, describeHeldDatabase } from "../admin/rpc.ts";
import { trustAuthorities } from "../../shared/certificate_authorities.ts";
import { authoritySources } from "../config/authority_sources.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../shared/table.ts";
import type { ServerIo } from "../io.ts";
import { migrateInTime, openReachable } from "../open_store.ts";
import { buildConcurrently } from "../store/db/concurrent_indexes.ts";
import { hasSchema } from "../store/db/migrate.ts";
import { migrations } from "../store/db/migrations.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { emailProblem } from "../store/users.ts";
import {
  reportConfigFile,
  reportDatabase,
  reportDomainError,
  reportFailure,
  reportProblems,
  reportUsage,
} from "./failure.ts";
import { startDisplay } from "./start_display.ts";
import type { DatabaseOptions } from "./options.ts";

type MigrateOptions = DatabaseOptions & TableOptions & {
  status?: boolean;
  plan?: boolean;
  renameUser?: readonly string[];
};

/** `migrate`: applies pending migrations; `--status` only lists them. */
export async function migrate(
  { status = false, plan = false, renameUser = [], json, wide, ...options }: MigrateOptions,
  io: ServerIo,
): Promise<number> {
  if ((json || wide) && !status && !plan) {
    const option = json ? "json" : "wide";
    return reportUsage(`--${option} is for the lists that --status and --plan print.`, io);
  }
  if (status && plan) return reportUsage("Use either --status or --plan.", io);
  const loaded = await loadConfig(options, io);
  const { config, problems } = loaded;
  if (problems.length > 0) return reportProblems(problems, io);
  const renamedUsers = parseRenames(renameUser);
  if (typeof renamedUsers === "string") {
    return reportUsage(`--rename-user: ${renamedUsers}`, io);
  }
  reportConfigFile(loaded, io);
  try {
    trustAuthorities(authoritySources(config, io));
    if (status) return await reportStatus(config, { json, wide }, io);
    if (plan) {
      const { reportPlan } = await import("./migration_plan.ts");
      return await reportPlan(config, { json, wide }, io);
    }
    const { print, onProgress } = startDisplay(io);
    const database = await openReachable(config, { ...io, stderr: print, onProgress }, {
      mustExist: false,
      patient: true,
    });
    try {
      print("");
      reportDatabase(database.description, io);
      const applied = await migrateInTime(database, { ...io, stderr: print, onProgress }, {
        renamedUsers,
      });
      // Not a step of a start: this takes as long as it takes.
      const direct = database.openDirect();
      try {
        const { signal } = io;
        const building = (name: string) =>
          onProgress({ stage: "migrating", name, isNewDatabase: false });
        const options = { migrations, signal, onMigration: building };
        applied.push(...await buildConcurrently(direct.sql, io.clock, options));
      } finally {
        await direct.close(0);
      }
      io.stdout(applied.length > 0 ? `Applied ${applied.join(", ")}.\n` : "Already up to date.\n");
      return EXIT.ok;
    } finally {
      await database.close(io.signal.aborted ? 0 : undefined);
    }
  } catch (error) {
    return reportFailure(error, io);
  }
}

/** E-mail addresses by user id. A text says what is wrong. */
function parseRenames(renames: readonly string[]): Map<string, string> | string {
  const users = new Map<string, string>();
  for (const text of renames) {
    const [, id, email] = /^([0-9a-f-]{36})=(.*)$/i.exec(text) ?? [];
    if (email === undefined) {
      return "Use ID=ADDRESS, with an id from the error message of the migration.";
    }
    const problem = emailProblem(email);
    if (problem !== undefined) return problem;
    users.set(id.toLowerCase(), email);
  }
  return users;
}

const MIGRATIONS: Table<{ name: string; appliedAt?: string; isNewer?: true }> = {
  columns: [
    { title: "MIGRATION", cell: ({ name }) => name, flexible: true },
    {
      title: "APPLIED",
      cell: ({ appliedAt }) => timeCell(appliedAt) ?? stateCell("pending"),
    },
  ],
  toJson: ({ name, appliedAt, isNewer = false }) => ({
    name,
    appliedAt: appliedAt ?? null,
    isNewer,
  }),
  empty: "There are no migrations.",
};

async function reportStatus(
  config: ServerConfig,
  options: TableOptions,
  io: ServerIo,
): Promise<number> {
  const migrations = await listFromDatabase(config, io);
  if (migrations instanceof DomainError) return reportDomainError(migrations, io);
  printTable(MIGRATIONS, migrations, options, io);
  const newer = migrations.filter(({ isNewer }) => isNewer).length;
  if (newer > 0) {
    io.stderr(
      `Note: ${
        newer === 1 ? "the last one is" : `the last ${newer} are`
      } of a newer version, which ` +
        "has migrated the database. Use that version.\n",
    );
  }
  return EXIT.ok;
}

/** From the database, or from the running server that holds it. Changes nothing. */
async function listFromDatabase(
  config: ServerConfig,
  io: ServerIo,
): Promise<OperationResult<"listMigrations"> | DomainError> {
  try {
    const database = await openReachable(config, io, { mustExist: true, patient: false });
    try {
      if (!await hasSchema(database.sql)) throw new NoDatabase(database.description);
      reportDatabase(database.description, io);
      return await listMigrations(database, {});
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof FolderLocked)) throw error;
    const describe = () => reportDatabase(describeHeldDatabase(config.dataDir), io);
    const response = await callAdminRpc(config.dataDir, "listMigrations", {}, describe);
    if (response === undefined) throw error;
    return response.result as OperationResult<"listMigrations"> | DomainError;
  }
}
