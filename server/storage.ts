import type { ServerConfig } from "./config.ts";
import { sealing } from "./sealing.ts";
import type { ServerIo } from "./server_io.ts";
import { type Database, openDatabase } from "./store/connect.ts";
import { hasSchema, migrate, migrationStatus } from "./store/migrate.ts";
import { NoDatabase } from "./store/no_database.ts";
import { loadServerSecrets, type ServerSecrets, tryServerSecrets } from "./store/server_secrets.ts";
import { SigningKeys } from "./tokens/signing_keys.ts";

/** A database that is ready for use: migrated, with keys and secrets. */
export interface Storage {
  database: Database;
  secrets: ServerSecrets;
  keys: SigningKeys;
  /** Whether it was created just now. */
  isNew: boolean;
  /** Names of the migrations applied just now. */
  migrated: string[];
}

/**
 * `serve` and `create` create the database where there is none. Only `serve`, whose
 * settings count, tends the signing keys. `operate` throws NoDatabase.
 */
export type StoragePurpose = "serve" | "create" | "operate";

/**
 * Opens the database with what a first start needs. Throws NoDatabase, FolderLocked,
 * SealingError, or the database's own error.
 */
export async function openStorage(
  config: ServerConfig,
  { clock }: Pick<ServerIo, "clock">,
  purpose: StoragePurpose,
): Promise<Storage> {
  const mustExist = purpose === "operate";
  const database = await openDatabase(config, { mustExist });
  try {
    const isNew = !await hasSchema(database.sql);
    if (isNew && mustExist) throw new NoDatabase(database.description);
    const migrated = await migrate(database.sql, clock);
    const seal = sealing(config.secretKey);
    const secrets = await loadServerSecrets(database.sql, seal);
    const keys = new SigningKeys(database.sql, seal, clock, config);
    await (purpose === "serve" ? keys.maintain() : keys.makeFirst());
    return { database, secrets, keys, migrated, isNew };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Opens the database as a server would, and changes nothing in it. Returns its description
 * and the migrations that a start would apply. Throws as openStorage does for `operate`.
 */
export async function tryStorage(
  config: ServerConfig,
): Promise<{ description: string; pending: string[] }> {
  const database = await openDatabase(config, { mustExist: true });
  try {
    const { sql, description } = database;
    if (!await hasSchema(sql)) throw new NoDatabase(description);
    await tryServerSecrets(sql, sealing(config.secretKey));
    const migrations = await migrationStatus(sql);
    const pending = migrations.filter(({ appliedAt }) => appliedAt === undefined);
    return { description, pending: pending.map(({ name }) => name) };
  } finally {
    await database.close();
  }
}
