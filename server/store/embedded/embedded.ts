import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { PGlite } from "@electric-sql/pglite";
import { finishReplacement, installRestored, RESTORING } from "./replacement.ts";
import { copyFolder } from "./copy_folder.ts";
import { embeddedFailure } from "./embedded_failure.ts";
import { unpackDatabase } from "./prepared_database.ts";
import { embeddedFiles, preparedDatabase } from "./embedded_files.ts";
import { embeddedSocket } from "./embedded_socket.ts";
import { exists, removeAll } from "./files.ts";
import { FolderLocked, lockFolder } from "./folder_lock.ts";
import { checkNotMoved, DatabaseMoved } from "./moved.ts";
import { createSnapshot, removeAbandonedSnapshots } from "./snapshot.ts";
import { NoDatabase } from "../db/no_database.ts";
import { SESSION_SETTINGS } from "../db/session_settings.ts";

export interface EmbeddedDatabase {
  folder: string;
  /** `onError` is called with every SQLSTATE that the database sends. */
  connect(onError: (code: string) => void): Duplex;
  /**
   * Copies the files as they are between two statements. Opened, the copy is the database as after
   * a crash at that moment. Returns its folder, for removeSnapshot. Throws NoSpaceForCopy.
   */
  snapshot(): Promise<string>;
  close(): Promise<void>;
}

export function embeddedFolder(dataDir: string): string {
  return join(dataDir, "database");
}

/**
 * Opens PostgreSQL in WebAssembly below `dataDir`. On first use it is created, which takes seconds;
 * with `mustExist`, NoDatabase is thrown instead and nothing written. Throws FolderLocked if
 * another process has it open, because two would destroy each other's pages, DatabaseMoved, and
 * EmbeddedDatabaseError.
 */
export async function openEmbeddedDatabase(
  dataDir: string,
  { mustExist = false, evenIfMoved = false, onCreate = () => {} }: {
    mustExist?: boolean;
    evenIfMoved?: boolean;
    onCreate?(fraction: number): void;
  } = {},
): Promise<EmbeddedDatabase> {
  const folder = embeddedFolder(dataDir);
  try {
    return await openLocked(dataDir, folder, { mustExist, evenIfMoved, onCreate });
  } catch (error) {
    if (OWN_ERRORS.some((kind) => error instanceof kind)) throw error;
    throw embeddedFailure(error, folder);
  }
}

/** Errors with our own messages. */
const OWN_ERRORS = [NoDatabase, FolderLocked, DatabaseMoved];

async function openLocked(
  dataDir: string,
  folder: string,
  { mustExist, evenIfMoved, onCreate }: {
    mustExist: boolean;
    evenIfMoved: boolean;
    onCreate(fraction: number): void;
  },
): Promise<EmbeddedDatabase> {
  const isMissing = async () => !await exists(join(folder, "PG_VERSION"));
  // A lock without a database: a server that holds the lock may be creating it.
  if (mustExist && await isMissing() && !await exists(join(dataDir, "lock"))) {
    throw new NoDatabase(dataDir);
  }
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dataDir);
  try {
    await finishReplacement(dataDir);
    await removeAbandonedSnapshots(dataDir, 0);
    if (!evenIfMoved) await checkNotMoved(dataDir);
    if (await isMissing()) {
      if (mustExist) throw new NoDatabase(dataDir);
      onCreate(0);
      await createIn(folder, onCreate);
      onCreate(1);
    }
    return await openFolder(dataDir, folder, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openFolder(
  dataDir: string,
  folder: string,
  lock: { release(): void },
): Promise<EmbeddedDatabase> {
  const database = await openPostgres(folder);
  // Each statement runs to its end in this thread, so nothing is written between two of them.
  let copying: Promise<void> | undefined;
  const session = {
    async execProtocolRaw(message: Uint8Array) {
      while (copying !== undefined) await copying;
      return await database.execProtocolRaw(message);
    },
  };
  return {
    folder,
    connect: (onError) => embeddedSocket(session, onError),
    snapshot: () =>
      createSnapshot(dataDir, async (target) => {
        while (copying !== undefined) await copying;
        const copy = copyFolder(folder, target);
        copying = copy.catch(() => {}).then(() => copying = undefined);
        await copy;
      }),
    async close() {
      await database.close();
      lock.release();
    },
  };
}

/** A database that is built beside the one of a data folder, to take its place. */
export interface ReplacementDatabase extends EmbeddedDatabase {
  /**
   * Closes it and gives it its place; the earlier database is renamed to `keptAs` first. Returns
   * whether there was one.
   */
  install(keptAs: string | undefined): Promise<boolean>;
  /** Closes and deletes it. */
  discard(): Promise<void>;
}

export interface ReplacementOptions {
  replace: boolean;
  /** Creates an empty database in a folder. */
  create?(folder: string, onProgress: (fraction: number) => void): Promise<void>;
}

/**
 * Creates an empty database to replace the one below `dataDir`. Without `replace`, throws
 * DatabaseExists if there is one. Throws as openEmbeddedDatabase does.
 */
export async function createReplacement(
  dataDir: string,
  { replace, create = createIn }: ReplacementOptions,
): Promise<ReplacementDatabase> {
  const folder = join(dataDir, RESTORING);
  try {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(dataDir);
    try {
      await finishReplacement(dataDir);
      await checkNotMoved(dataDir);
      const hasDatabase = await exists(embeddedFolder(dataDir));
      if (hasDatabase && !replace) throw new DatabaseExists();
      await create(folder, () => {});
      const database = await openFolder(dataDir, folder, { release() {} });
      return {
        ...database,
        async install(keptAs) {
          await database.close();
          await installRestored(dataDir, hasDatabase ? keptAs : undefined);
          lock.release();
          return hasDatabase;
        },
        async discard() {
          await database.close().catch(() => {});
          await removeAll(folder);
          lock.release();
        },
      };
    } catch (error) {
      await removeAll(folder).catch(() => {});
      lock.release();
      throw error;
    }
  } catch (error) {
    if ([DatabaseExists, ...OWN_ERRORS].some((kind) => error instanceof kind)) throw error;
    throw embeddedFailure(error, folder);
  }
}

/** There is a database in the place of a new one. */
export class DatabaseExists extends Error {
  override readonly name = "DatabaseExists";
}

/**
 * Creates the database in another folder and renames it when it is complete: a start that is
 * interrupted, or that fills the disk, leaves nothing that looks like a database.
 */
async function createIn(
  folder: string,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const partial = `${folder}.new`;
  await removeAll(partial);
  try {
    await Deno.mkdir(partial, { mode: 0o700 });
    const prepared = await preparedDatabase();
    if (prepared === undefined) await (await openPostgres(partial)).close();
    else await unpackDatabase(prepared, partial, onProgress);
    await removeAll(folder);
    await Deno.rename(partial, folder);
  } catch (error) {
    await removeAll(partial).catch(() => {});
    throw error;
  }
}

async function openPostgres(folder: string): Promise<PGlite> {
  const { PGlite } = await import("@electric-sql/pglite");
  const { DURABLE_START_PARAMETERS, DurableFileSystem } = await import(
    "./durable_file_system.ts"
  );
  // "-F" disables fsync.
  const startParams = PGlite.defaultStartParams.filter((parameter) => parameter !== "-F");
  const settings = Object.entries(SESSION_SETTINGS).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  return await PGlite.create({
    ...await embeddedFiles(),
    fs: new DurableFileSystem(folder),
    startParams: [...startParams, ...DURABLE_START_PARAMETERS, ...settings],
  });
}
