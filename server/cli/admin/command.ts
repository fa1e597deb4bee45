import type { OperationName, OperationParams, OperationResult } from "../../admin/operations.ts";
import { OperationSession, runOperation } from "../../admin/run_operation.ts";
import type { SettingFlags } from "../../config/gather.ts";
import { loadAdminConfig } from "../../config/load.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import type { ServerIo } from "../../io.ts";
import {
  reportConfigFile,
  reportDatabase,
  reportDomainError,
  reportFailure,
  reportProblems,
} from "../failure.ts";

/** The result of an operation that succeeded. */
type Success<Name extends OperationName> = Exclude<OperationResult<Name>, DomainError>;

interface Options<Name extends OperationName> {
  /** May return other parameters, to try once more. */
  revise?(error: DomainError): Promise<OperationParams<Name> | undefined>;
  /** Returns the error as the command line reports it, such as with the option to change. */
  describe?(error: DomainError): DomainError;
  /** The command has named its config file and database before. */
  isSecond?: boolean;
}

/** Runs an operation for a command and has `report` write its result; returns the exit code. */
export async function adminCommand<Name extends OperationName>(
  name: Name,
  params: OperationParams<Name>,
  options: SettingFlags,
  io: ServerIo,
  report: (result: Success<Name>) => number | Promise<number>,
  { revise, describe = (error) => error, isSecond = false }: Options<Name> = {},
): Promise<number> {
  const loaded = await loadAdminConfig(options, io);
  const { config, problems } = loaded;
  if (problems.length > 0) return reportProblems(problems, io);
  if (!isSecond) reportConfigFile(loaded, io);
  try {
    const onOpen = (database: string) => {
      if (!isSecond) reportDatabase(database, io);
    };
    let result = await runOperation(name, params, config, io, onOpen);
    const revised = result instanceof DomainError ? await revise?.(result) : undefined;
    if (revised !== undefined) result = await runOperation(name, revised, config, io, () => {});
    if (result instanceof DomainError) return reportDomainError(describe(result), io);
    return await report(result as Success<Name>);
  } catch (error) {
    return reportFailure(error, io);
  }
}

/** Opens the database once for a command that executes several operations; returns the exit code. */
export async function adminSession(
  options: SettingFlags,
  io: ServerIo,
  run: (session: OperationSession, config: ServerConfig) => Promise<number>,
): Promise<number> {
  const loaded = await loadAdminConfig(options, io);
  const { config, problems } = loaded;
  if (problems.length > 0) return reportProblems(problems, io);
  reportConfigFile(loaded, io);
  try {
    const onOpen = (database: string) => reportDatabase(database, io);
    await using session = new OperationSession(config, io, onOpen);
    return await run(session, config);
  } catch (error) {
    return reportFailure(error, io);
  }
}
