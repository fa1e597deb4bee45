import { join } from "node:path";
import type { Duplex } from "node:stream";
import { embeddedFiles } from "./embedded_files.ts";
import { embeddedSocket } from "./embedded_socket.ts";
import { lockFolder } from "./folder_lock.ts";
import { NoDatabase } from "./no_database.ts";

export interface EmbeddedDatabase {
  folder: string;
  connect(): Duplex;
  close(): Promise<void>;
}

/** Where the embedded database of a data folder is. */
export function embeddedFolder(dataDir: string): string {
  return join(dataDir, "database");
}

/**
 * Opens PostgreSQL in WebAssembly below `dataDir`. On first use it is created, which
 * takes seconds; with `mustExist` NoDatabase is thrown instead, and nothing written.
 * Throws FolderLocked if another process has it open: two would destroy each other's
 * pages.
 */
export async function openEmbeddedDatabase(
  dataDir: string,
  { mustExist = false }: { mustExist?: boolean } = {},
): Promise<EmbeddedDatabase> {
  const folder = embeddedFolder(dataDir);
  const isMissing = async () => mustExist && !await exists(join(folder, "PG_VERSION"));
  // A lock without a database: a server may be creating it at this moment, and holds the lock.
  if (await isMissing() && !await exists(join(dataDir, "lock"))) throw new NoDatabase(dataDir);
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dataDir);
  try {
    if (await isMissing()) throw new NoDatabase(dataDir);
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const { PGlite } = await import("@electric-sql/pglite");
    const { DURABLE_START_PARAMETERS, DurableFileSystem } = await import(
      "./durable_file_system.ts"
    );
    // "-F" is PGlite's way to switch fsync off.
    const startParams = PGlite.defaultStartParams.filter((parameter) => parameter !== "-F");
    const database = await PGlite.create({
      ...await embeddedFiles(),
      fs: new DurableFileSystem(folder),
      startParams: [...startParams, ...DURABLE_START_PARAMETERS],
    });
    return {
      folder,
      connect: () => embeddedSocket(database),
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

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
