/** A lock between processes, held by the operating system and released when its holder exits. */
import { dirname } from "../../shared/path.ts";
import { sleep } from "../../shared/sleep.ts";
import { ClientError } from "../errors.ts";
import { CredentialStoreError } from "./store.ts";
import { describeFileError } from "./file_error.ts";
import { HOW_TO_CHANGE_FOLDER } from "./config_dir.ts";
import { createPrivateFolder } from "./secure_file.ts";

export interface LockWait {
  /** Ends the wait; the promise then rejects with the signal's reason. */
  signal: AbortSignal;
  /** Longest wait in milliseconds. Longer than a holder may spend on the network. */
  waitMs?: number;
}

/**
 * Runs `critical` while no other process holds the lock at `path`. The file is never deleted: a
 * lock on a deleted file excludes no other process.
 *
 * Throws ClientError (locked) after `waitMs`, and CredentialStoreError if the file cannot be
 * locked: a read-only folder, a full disk.
 */
export async function withFileLock<T>(
  path: string,
  { signal, waitMs = 60_000 }: LockWait,
  critical: () => Promise<T>,
): Promise<T> {
  using file = await openLock(path);
  const end = performance.now() + waitMs;
  // Polled, because a blocking lock could not be interrupted by Ctrl-C.
  for (let delay = 2; !await tryLock(file, path); delay = Math.min(delay * 2, 50)) {
    if (performance.now() > end) {
      throw new ClientError(
        "locked",
        `Another process has held the lock ${path} for ${Math.round(waitMs / 1000)} s. ` +
          `Try again later.`,
      );
    }
    await sleep(delay, signal);
  }
  return await critical();
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    await createPrivateFolder(dirname(path));
    return await Deno.open(path, { create: true, write: true, mode: 0o600 });
  } catch (error) {
    throw lockError(path, error);
  }
}

async function tryLock(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch (error) {
    throw lockError(path, error);
  }
}

function lockError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  return new CredentialStoreError(
    `The lock ${path} cannot be used: ${describeFileError(error)}. ${HOW_TO_CHANGE_FOLDER}`,
  );
}
