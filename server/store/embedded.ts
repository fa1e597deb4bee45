import { join } from "node:path";
import type { Duplex } from "node:stream";
import { embeddedFiles } from "./embedded_files.ts";
import { embeddedSocket } from "./embedded_socket.ts";
import { lockFolder } from "./folder_lock.ts";

export interface EmbeddedDatabase {
  folder: string;
  connect(): Duplex;
  close(): Promise<void>;
}

/**
 * Opens (and on first use makes, which takes seconds) PostgreSQL in WebAssembly
 * below `dataDir`. Throws FolderLocked if another process has it open: two
 * would destroy each other's pages.
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dataDir);
  const folder = join(dataDir, "database");
  try {
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
