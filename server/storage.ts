import type { ServerConfig } from "./config.ts";
import { sealing } from "./sealing.ts";
import type { ServerIo } from "./server_io.ts";
import { type Database, openDatabase } from "./store/connect.ts";
import { migrate } from "./store/migrate.ts";
import { loadServerSecrets, type ServerSecrets } from "./store/server_secrets.ts";
import { SigningKeys } from "./tokens/signing_keys.ts";

/** A database that is ready for use: migrated, with keys and secrets. */
export interface Storage {
  database: Database;
  secrets: ServerSecrets;
  keys: SigningKeys;
  /** Names of the migrations applied just now. */
  migrated: string[];
}

/**
 * Opens the database and makes what a first start needs. Only a server, whose
 * settings count, tends the signing keys beyond that. Throws FolderLocked,
 * SealingError, or the database's own error.
 */
export async function openStorage(
  config: ServerConfig,
  { clock }: Pick<ServerIo, "clock">,
  purpose: "serve" | "operate",
): Promise<Storage> {
  const database = await openDatabase(config);
  try {
    const migrated = await migrate(database.sql, clock);
    const seal = sealing(config.secretKey);
    const secrets = await loadServerSecrets(database.sql, seal);
    const keys = new SigningKeys(database.sql, seal, clock, config);
    await (purpose === "serve" ? keys.maintain() : keys.makeFirst());
    return { database, secrets, keys, migrated };
  } catch (error) {
    await database.close();
    throw error;
  }
}
