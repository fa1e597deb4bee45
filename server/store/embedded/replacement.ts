/**
 * Replaces the embedded database by one that is built beside it. Each name is given by a rename
 * after everything is on disk:
 *
 *     database.restoring   is being built; of no use after an interruption
 *     database.restored    complete; takes the place of a missing `database` at the next opening
 *     database             in use
 */
import { join } from "node:path";
import { exists, removeAll, syncFolder } from "./files.ts";

export const RESTORING = "database.restoring";
export const RESTORED = "database.restored";

/**
 * Gives the complete database its place below the data folder; the earlier one is renamed to
 * `keptAs` first.
 */
export async function installRestored(
  folder: string,
  keptAs: string | undefined,
): Promise<void> {
  await Deno.rename(join(folder, RESTORING), join(folder, RESTORED));
  await syncFolder(folder);
  if (keptAs !== undefined) {
    await Deno.rename(join(folder, "database"), join(folder, keptAs));
    await syncFolder(folder);
  }
  await Deno.rename(join(folder, RESTORED), join(folder, "database"));
  await syncFolder(folder);
}

/**
 * Finishes a replacement that was interrupted after the earlier database was moved aside, and
 * removes what one before that has left.
 */
export async function finishReplacement(folder: string): Promise<void> {
  const restored = join(folder, RESTORED);
  if (await exists(restored)) {
    if (await exists(join(folder, "database"))) await removeAll(restored);
    else await Deno.rename(restored, join(folder, "database"));
    await syncFolder(folder);
  }
}
