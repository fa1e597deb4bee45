import { loadConfig, type SettingFlags } from "../config.ts";
import {
  type OperationArguments,
  type OperationName,
  type OperationResult,
} from "../admin/operations.ts";
import { runOperation } from "../admin/run_operation.ts";
import type { ServerIo } from "../server_io.ts";
import { reportDatabase, reportFailure, reportProblems } from "./failure.ts";

/** Runs one operation for a command and has `report` write the result; returns the exit code. */
export async function adminCommand<Name extends OperationName>(
  name: Name,
  given: OperationArguments<Name>,
  options: SettingFlags,
  io: ServerIo,
  report: (result: OperationResult<Name>) => number | Promise<number>,
): Promise<number> {
  const loaded = await loadConfig(options, io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  try {
    const opened = (database: string) => reportDatabase(database, io);
    return await report(await runOperation(name, given, loaded, io, opened));
  } catch (error) {
    return reportFailure(error, io);
  }
}
