import { join } from "node:path";

/** Another process uses the folder; `message` names it. */
export class FolderLocked extends Error {
  override readonly name = "FolderLocked";
}

/** Where the process that holds the lock accepts operators' commands, and the secret for it. */
export const CONTROL_FILE = "control.json";

/** How often the lock is tried, and the pause in between. */
const ATTEMPTS = 10;
const PAUSE_MS = 50;

/**
 * Locks `folder` with the operating system, which releases the lock when the process exits. The
 * lock file contains the process that holds it, for the message. On Windows a locked file cannot be
 * read, so it is stored in another file.
 *
 * Removes the control file of a server that was killed: another user's program may have its port.
 */
export async function lockFolder(folder: string): Promise<{ release(): void }> {
  const file = await Deno.open(join(folder, "lock"), { create: true, write: true, mode: 0o600 });
  if (!await tryLock(file)) {
    file.close();
    const holder = await Deno.readTextFile(join(folder, "lock-holder")).catch(() => "");
    throw new FolderLocked(
      `the data folder ${folder} is in use${holder === "" ? "" : ` by ${holder}`}. ` +
        "Stop that server first, or choose another folder with --data-dir.",
    );
  }
  await Deno.remove(join(folder, CONTROL_FILE)).catch(() => {});
  await Deno.writeTextFile(join(folder, "lock-holder"), `process ${Deno.pid}`, { mode: 0o600 });
  return { release: () => file.close() };
}

/**
 * Tries again for half a second: after a release, a program that this process was starting in that
 * moment still has a copy of the file until it runs.
 */
async function tryLock(file: Deno.FsFile): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    if (await file.tryLock(true)) return true;
    if (attempt === ATTEMPTS) return false;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
