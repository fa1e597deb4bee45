import type { SettingFlags } from "../../config/gather.ts";
import { loadConfig } from "../../config/load.ts";
import {
  type OperationArguments,
  type OperationName,
  type OperationResult,
} from "../../admin/operations.ts";
import { OperationError } from "../../admin/operation.ts";
import { runOperation } from "../../admin/run_operation.ts";
import type { ServerIo } from "../../io.ts";
import { reportDatabase, reportFailure, reportProblems } from "../failure.ts";

/**
 * Runs one operation for a command and has `report` write the result; returns the exit code.
 * `revise` may answer an OperationError with other arguments, to try once more.
 */
export async function adminCommand<Name extends OperationName>(
  name: Name,
  given: OperationArguments<Name>,
  options: SettingFlags,
  io: ServerIo,
  report: (result: OperationResult<Name>) => number | Promise<number>,
  revise: (error: OperationError) => Promise<OperationArguments<Name> | undefined> = () =>
    Promise.resolve(undefined),
): Promise<number> {
  const loaded = await loadConfig(options, io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  try {
    const opened = (database: string) => reportDatabase(database, io);
    const result = await runOperation(name, given, loaded, io, opened).catch(async (error) => {
      const revised = error instanceof OperationError ? await revise(error) : undefined;
      if (revised === undefined) throw error;
      return await runOperation(name, revised, loaded, io, () => {});
    });
    return await report(result);
  } catch (error) {
    return reportFailure(error, io);
  }
}
