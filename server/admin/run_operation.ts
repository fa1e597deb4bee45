import type { LoadedConfig } from "../config.ts";
import { IssuerKeys } from "../federation/issuer_keys.ts";
import type { ServerIo } from "../server_io.ts";
import { openStorage } from "../storage.ts";
import { FolderLocked } from "../store/folder_lock.ts";
import { callControlChannel } from "./control_channel.ts";
import {
  type OperationArguments,
  type OperationName,
  type OperationResult,
  operations,
} from "./operations.ts";
import type { OperationParts } from "./operation.ts";

/**
 * Runs an operation where it can be run: on the database itself, or, if a
 * running server holds the embedded one, by that server.
 */
export async function runOperation<Name extends OperationName>(
  name: Name,
  given: OperationArguments<Name>,
  { config }: LoadedConfig,
  io: ServerIo,
): Promise<OperationResult<Name>> {
  let storage;
  try {
    storage = await openStorage(config, io, "operate");
  } catch (error) {
    if (!(error instanceof FolderLocked)) throw error;
    const answer = await callControlChannel(config.dataDir, name, given);
    if (answer === undefined) throw error;
    return answer as OperationResult<Name>;
  }
  try {
    const run = operations[name] as unknown as (
      parts: OperationParts,
      given: OperationArguments<Name>,
    ) => Promise<OperationResult<Name>>;
    const { hostname, port } = config.listen;
    return await run({
      sql: storage.database.sql,
      clock: io.clock,
      keys: storage.keys,
      issuerKeys: new IssuerKeys(io.clock, io.fetch, config.federation.privateIssuers),
      config,
      issuer: config.issuer ?? `http://${hostname}:${port}`,
    }, given);
  } finally {
    await storage.database.close();
  }
}
