import { defaultIssuer } from "../config/default_issuer.ts";
import type { LoadedConfig } from "../config/load.ts";
import { JwksCache } from "../federation/jwks_cache.ts";
import { machineNetwork, OutboundHttp } from "../outbound/outbound_http.ts";
import type { ServerIo } from "../io.ts";
import { openStorage, type Storage } from "../open_store.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { callControlChannel, describeHeld } from "./rpc.ts";
import {
  operate,
  type OperationArguments,
  type OperationName,
  type OperationResult,
} from "./operations.ts";

/** How often, and in ms how far apart, we try for a folder that somebody holds. */
const ATTEMPTS = 50;
const PAUSE = 200;

/** The operations that create the database where there is none: an installation begins with a user. */
const CREATING: readonly OperationName[] = ["addUser"];

/**
 * Runs an operation where it can be run: on the database itself, or, if a
 * running server holds the embedded one, by that server. `opened` is called with
 * the database's description before the operation runs. Throws NoDatabase.
 */
export async function runOperation<Name extends OperationName>(
  name: Name,
  given: OperationArguments<Name>,
  { config }: LoadedConfig,
  io: ServerIo,
  opened: (database: string) => void,
): Promise<OperationResult<Name>> {
  const purpose = CREATING.includes(name) ? "create" : "operate";
  let storage: Storage | undefined;
  for (let attempt = 1; storage === undefined; attempt++) {
    try {
      storage = await openStorage(config, io, purpose);
    } catch (error) {
      if (!(error instanceof FolderLocked)) throw error;
      const answer = await callControlChannel(
        config.dataDir,
        name,
        given,
        () => opened(describeHeld(config.dataDir)),
      );
      if (answer !== undefined) return answer.result as OperationResult<Name>;
      // The server is just starting or stopping, or another command has the folder.
      if (attempt === ATTEMPTS || io.signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
  try {
    opened(`${storage.database.description}${storage.isNew ? ", created just now" : ""}`);
    const http = new OutboundHttp(machineNetwork(io.env));
    return await operate(name, {
      sql: storage.database.sql,
      clock: io.clock,
      keys: storage.keys,
      jwksCache: new JwksCache(io.clock, http, config.federation.privateIssuers),
      config,
      issuer: config.issuer ?? defaultIssuer(config, config.listen),
    }, given);
  } finally {
    await storage.database.close();
  }
}
