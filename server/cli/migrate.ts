import type { Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { database } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { callControlChannel, describeHeld } from "../admin/rpc.ts";
import { listMigrations } from "../admin/migration_operations.ts";
import type { OperationResult } from "../admin/operations.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { formatTable } from "../../shared/table.ts";
import type { SettingFlags } from "../config/gather.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ServerIo } from "../io.ts";
import { migrateInTime, openReachable } from "../open_store.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { hasSchema } from "../store/db/migrate.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { emailProblem } from "../store/users.ts";
import { reportDatabase, reportFailure, reportProblems } from "./failure.ts";

/** `migrate`: brings the database up to date; `--status` only tells. */
export async function migrate(
  { renameUser = [], ...options }: SettingFlags & { renameUser?: readonly string[] },
  io: ServerIo,
): Promise<number> {
  const { config, problems } = await loadConfig(options as SettingFlags, io);
  if (problems.length > 0) return reportProblems(problems, io);
  const renamedUsers = new Map<string, string>();
  for (const text of renameUser) {
    const [, id, email] = /^([0-9a-f-]{36})=(.*)$/i.exec(text) ?? [];
    const problem = email === undefined
      ? "Write it like --rename-user ID=ADDRESS, with an id from the message of `migrate`."
      : emailProblem(email);
    if (problem !== undefined) {
      return reportProblems([{ subject: "--rename-user", message: problem }], io);
    }
    renamedUsers.set(id.toLowerCase(), email);
  }
  try {
    if (options.status === true) return reportStatus(await status(config, io), io);
    const database = await openReachable(config, io, { mustExist: false, patient: true });
    try {
      reportDatabase(database.description, io);
      const applied = await migrateInTime(database, io, { renamedUsers });
      io.stdout(applied.length > 0 ? `Applied ${applied.join(", ")}.\n` : "Nothing to apply.\n");
      return EXIT.ok;
    } finally {
      await database.close(io.signal.aborted ? 0 : undefined);
    }
  } catch (error) {
    return reportFailure(error, io);
  }
}

type Status = OperationResult<"listMigrations">;

/** From the database, or from the running server that holds it. Changes nothing. */
async function status(config: ServerConfig, io: ServerIo): Promise<Status> {
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
    const answer = await callControlChannel(
      config.dataDir,
      "listMigrations",
      {},
      () => reportDatabase(describeHeld(config.dataDir), io),
    );
    if (answer === undefined) throw error;
    return answer.result as Status;
  }
}

function reportStatus(migrations: Status, io: ServerIo): number {
  io.stdout(formatTable([
    ["MIGRATION", "APPLIED"],
    ...migrations.map(({ name, appliedAt }) => [name, appliedAt ?? "pending"]),
  ]));
  return EXIT.ok;
}

export function declare(command: Command, server: Run<ServerIo>): void {
  database(command)
    .option("--status", "say which migrations are applied and change nothing")
    .option(
      "--rename-user <id=address>",
      "give a user another e-mail address, where a migration asks for it; repeatable",
      (value: string, before: string[] = []) => [...before, value],
    )
    .addHelpText("after", examples([`${brand.binaryName} migrate --status`, "what is applied"]))
    .action((options) => server((io) => migrate(options, io)));
}
