/**
 * Copies of the embedded database for a backup, in the data folder: what the database itself is
 * protected by protects them too. Each is `snapshots/ID/database`, as if it were a data folder.
 */
import { join } from "node:path";
import { FolderLocked, lockFolder } from "./folder_lock.ts";

const FOLDER = "snapshots";
/** A copy that is not open after this time was left by a command that was killed, in ms. */
const ABANDONED_MS = 5 * 60_000;

/**
 * Copies the database by `copy`, which gets the folder to copy to. Returns the folder of the
 * copy, to be opened as a data folder and removed by removeSnapshot.
 */
export async function createSnapshot(
  dataDir: string,
  copy: (target: string) => Promise<void>,
): Promise<string> {
  await removeAbandonedSnapshots(dataDir, ABANDONED_MS);
  const folder = join(dataDir, FOLDER, crypto.randomUUID());
  const target = join(folder, "database");
  await Deno.mkdir(target, { recursive: true, mode: 0o700 });
  try {
    await copy(target);
    return folder;
  } catch (error) {
    await removeSnapshot(folder);
    throw error;
  }
}

export async function removeSnapshot(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
}

/** Removes copies that no process has open and that are older than `age`, in ms. */
export async function removeAbandonedSnapshots(dataDir: string, age: number): Promise<void> {
  const folders = join(dataDir, FOLDER);
  try {
    for await (const { name } of Deno.readDir(folders)) {
      const folder = join(folders, name);
      const { birthtime, mtime } = await Deno.stat(folder);
      const time = (birthtime ?? mtime)?.getTime() ?? 0;
      if (Date.now() - time >= age) await removeUnlocked(folder);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function removeUnlocked(folder: string): Promise<void> {
  try {
    (await lockFolder(folder)).release();
    await removeSnapshot(folder);
  } catch (error) {
    if (!(error instanceof FolderLocked)) throw error;
  }
}
