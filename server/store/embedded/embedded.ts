import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { PGlite } from "@electric-sql/pglite";
import { embeddedFailure } from "./embedded_failure.ts";
import { unpackDatabase } from "./prepared_database.ts";
import { embeddedFiles, preparedDatabase } from "./embedded_files.ts";
import { embeddedSocket } from "./embedded_socket.ts";
import { FolderLocked, lockFolder } from "./folder_lock.ts";
import { NoDatabase } from "../db/no_database.ts";
import { SESSION_SETTINGS } from "../db/session_settings.ts";

export interface EmbeddedDatabase {
  folder: string;
  /** `onError` is called with every SQLSTATE that the database sends. */
  connect(onError: (code: string) => void): Duplex;
  close(): Promise<void>;
}

export function embeddedFolder(dataDir: string): string {
  return join(dataDir, "database");
}

/**
 * Opens PostgreSQL in WebAssembly below `dataDir`. On first use it is created, which takes seconds;
 * with `mustExist`, NoDatabase is thrown instead and nothing written. Throws FolderLocked if
 * another process has it open, because two would destroy each other's pages, and
 * EmbeddedDatabaseError.
 */
export async function openEmbeddedDatabase(
  dataDir: string,
  { mustExist = false, onCreate = () => {} }: {
    mustExist?: boolean;
    onCreate?(fraction: number): void;
  } = {},
): Promise<EmbeddedDatabase> {
  const folder = embeddedFolder(dataDir);
  try {
    return await openLocked(dataDir, folder, mustExist, onCreate);
  } catch (error) {
    if (error instanceof NoDatabase || error instanceof FolderLocked) throw error;
    throw embeddedFailure(error, folder);
  }
}

async function openLocked(
  dataDir: string,
  folder: string,
  mustExist: boolean,
  onCreate: (fraction: number) => void,
): Promise<EmbeddedDatabase> {
  const isMissing = async () => !await exists(join(folder, "PG_VERSION"));
  // A lock without a database: a server that holds the lock may be creating it.
  if (mustExist && await isMissing() && !await exists(join(dataDir, "lock"))) {
    throw new NoDatabase(dataDir);
  }
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dataDir);
  try {
    if (await isMissing()) {
      if (mustExist) throw new NoDatabase(dataDir);
      onCreate(0);
      await createIn(folder, onCreate);
      onCreate(1);
    }
    const database = await openPostgres(folder);
    return {
      folder,
      connect: (onError) => embeddedSocket(database, onError),
      async close() {
        await database.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
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

async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
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

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
