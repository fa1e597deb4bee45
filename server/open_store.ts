import { withBackOff } from "./back_off.ts";
import type { ServerConfig } from "./config/server_config.ts";
import { readSecretFile } from "./config/secret_files.ts";
import { createEncryption, type Encryption } from "./security/encryption.ts";
import type { ServerIo } from "./io.ts";
import type { OnStartProgress } from "./start_progress.ts";
import { startStep } from "./start_step.ts";
import { type Database, type DatabaseLocation, openDatabase } from "./store/db/connect.ts";
import { checkNotTooNew } from "./store/db/database_too_new.ts";
import { migrations } from "./store/db/migrations.ts";
import { observeStatements, type StatementMetrics } from "./store/db/observed_sql.ts";
import { hasSchema, migrate, migrationStatus } from "./store/db/migrate.ts";
import type { MigrationOptions } from "./store/db/migration_conflict.ts";
import { checkComplete } from "./store/dump/incomplete.ts";
import { NoDatabase } from "./store/db/no_database.ts";
import { DatabaseUnreachable } from "./store/db/postgres_dial.ts";
import { deleteReplicas } from "./store/replicas.ts";
import { bindsValues } from "./store/sealing.ts";
import {
  loadServerSecrets,
  type ServerSecrets,
  verifyServerSecrets,
} from "./store/server_secrets.ts";
import { loadSigners } from "./tokens/load_signers.ts";
import { SigningKeys } from "./tokens/signing_keys.ts";

/** A database that is ready for use: migrated, with keys and secrets. */
export interface Storage {
  database: Database;
  secrets: ServerSecrets;
  /** For what the server has to read again. */
  encryption: Encryption;
  keys: SigningKeys;
  /** Whether opening created it. */
  isNew: boolean;
  /** Names of the migrations that opening applied. */
  migrated: string[];
}

/** How long a server tries to connect to the database at start. */
const CONNECT_TIMEOUT_MS = 10_000;

type StorageIo = Pick<ServerIo, "clock" | "stderr" | "signal"> & {
  onProgress?: OnStartProgress;
};

/**
 * `serve` and `create` create the database if there is none; `use` throws NoDatabase. Only `serve`
 * rotates signing keys, since the settings of a command may differ from the server's.
 */
export type StoragePurpose = "serve" | "create" | "use";

/**
 * Opens the database, migrates it and loads keys and secrets. Each step has a deadline and stops
 * when `io.signal` is aborted. Throws StartInterrupted, StartTimeout, NoDatabase, FolderLocked,
 * EncryptionKeyError, DatabaseUnreachable, or the database's own error.
 */
export async function openStorage(
  config: ServerConfig,
  io: StorageIo & Pick<ServerIo, "env">,
  purpose: StoragePurpose,
  metrics?: StatementMetrics,
): Promise<Storage> {
  const mustExist = purpose === "use";
  const opened = await openReachable(config, io, { mustExist, patient: purpose === "serve" });
  const database = metrics === undefined
    ? opened
    : { ...opened, sql: observeStatements(opened.sql, metrics) };
  try {
    const { sql, description } = database;
    await checkComplete(sql, description);
    const isNew = !await hasSchema(sql);
    if (isNew && mustExist) throw new NoDatabase(description);
    const migrated = await migrateInTime(database, io, { isNewDatabase: isNew });
    // This process holds the lock of the folder, so servers that are listed were killed.
    if (config.databaseUrl === undefined) await deleteReplicas(sql);
    const encryption = createEncryption(config, { bindsValues: await bindsValues(sql) });
    const signers = purpose === "serve"
      ? await startStep(
        io,
        {
          doing: "loading the signing key",
          seconds: 30,
          advice: "Check the program of signing_key_command.",
        },
        () => loadSigners(config, io.env, (file) => readSecretFile(file, io.env)),
      )
      : [];
    const keys = new SigningKeys(sql, encryption, io.clock, config, signers);
    const secrets = await startStep(
      io,
      {
        doing: "loading the signing keys",
        seconds: 90,
        advice: "Check whether another session holds a lock in the database.",
      },
      async () => {
        const secrets = await loadServerSecrets(sql, encryption, {
          keepsAsStored: purpose !== "serve",
        });
        await (purpose === "serve" ? keys.maintain() : keys.ensureInitialKeys());
        if (purpose === "serve") await keys.verify();
        return secrets;
      },
    );
    return { database, secrets, encryption, keys, migrated, isNew };
  } catch (error) {
    await database.close(0);
    throw error;
  }
}

/**
 * Opens the database and sends it a query. With `patient`, waits for a database that is still
 * starting.
 */
export async function openReachable(
  location: DatabaseLocation,
  io: Omit<StorageIo, "clock">,
  { mustExist, patient }: { mustExist: boolean; patient: boolean },
): Promise<Database> {
  const embedded = location.databaseUrl === undefined;
  const database = await startStep(
    io,
    {
      doing: embedded
        ? `opening the embedded database in ${location.dataDir}`
        : "opening the database",
      seconds: 180,
      advice: "Check whether the disk is slow or full.",
      // A command may take some seconds without a message.
      quiet: patient ? undefined : 15_000,
    },
    () =>
      openDatabase(location, {
        mustExist,
        onCreate: (fraction) => io.onProgress?.({ stage: "creating_database", fraction }),
      }),
  );
  if (embedded) return database;
  const startedAt = performance.now();
  try {
    await startStep(
      io,
      {
        doing: `connecting to ${database.description}`,
        seconds: 120,
        advice: "Check that it is running and that database_url is correct.",
      },
      (signal, waitsFor) =>
        withBackOff(
          async () => {
            await database.sql`select 1`;
            // Only a server has a cache that notifications invalidate.
            if (patient) await database.checkDirect();
          },
          (error) => {
            const isUnreachable = error instanceof DatabaseUnreachable && error.temporary;
            if (isUnreachable) waitsFor(error.message);
            return isUnreachable && patient && performance.now() - startedAt < CONNECT_TIMEOUT_MS;
          },
          signal,
        ),
    );
    return database;
  } catch (error) {
    await database.close(0);
    throw error;
  }
}

/** Applies the migrations, or waits for another process that applies them. */
export async function migrateInTime(
  database: Database,
  io: StorageIo,
  { isNewDatabase = false, ...options }: MigrationOptions & { isNewDatabase?: boolean } = {},
): Promise<string[]> {
  const direct = database.openDirect();
  return await startStep(
    io,
    {
      doing: `migrating ${database.description}`,
      seconds: 600,
      advice:
        "Find the session that applies them in pg_stat_activity, and terminate it if it hangs.",
    },
    (signal, waitsFor) =>
      migrate(direct.sql, io.clock, {
        ...{ signal, waitsFor, ...options },
        onMigration: (name) => io.onProgress?.({ stage: "migrating", name, isNewDatabase }),
      }),
  ).finally(() => direct.close(0));
}

/**
 * Opens the database as a server would, but changes nothing. Returns its description and the
 * migrations that a start would apply. Throws as openStorage does for `use`.
 */
export async function tryStorage(
  config: ServerConfig,
  io: Pick<StorageIo, "stderr" | "signal">,
): Promise<{ description: string; pending: string[] }> {
  const database = await openReachable(config, io, { mustExist: true, patient: false });
  try {
    const { sql, description } = database;
    await checkComplete(sql, description);
    if (!await hasSchema(sql)) throw new NoDatabase(description);
    await checkNotTooNew(sql, new Set(migrations.map(({ name }) => name)));
    await verifyServerSecrets(sql, createEncryption(config));
    const status = await migrationStatus(sql);
    const pending = status.filter(({ appliedAt }) => appliedAt === undefined);
    return { description, pending: pending.map(({ name }) => name) };
  } finally {
    await database.close();
  }
}
