import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../store/embedded/files.ts";
import { BackupError } from "./backup_error.ts";

/** A file that has its name only once it is complete. */
export interface PendingFile {
  /** Where it is until then. */
  path: string;
  /** Gives it its name. */
  commit(): Promise<void>;
  /** Deletes it. */
  discard(): Promise<void>;
}

/** A file that was written, with its size and SHA-256. */
export interface WrittenFile extends PendingFile {
  bytes: number;
  sha256: string;
}

/**
 * Writes a file that only this user can read, syncs it to disk, and reads it back. It has another
 * name until it is committed: a backup that is interrupted leaves none. Throws BackupError.
 */
export async function writePendingFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { overwrite }: { overwrite: boolean },
): Promise<WrittenFile> {
  await checkTarget(path, overwrite);
  const partial = join(dirname(path), `.${basename(path)}.partial`);
  const file = await createPartial(path, partial);
  const discard = async () => {
    await Deno.remove(partial).catch(() => {});
  };
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    try {
      for await (const chunk of chunks) {
        for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await file.write(rest));
        hash.update(chunk);
        bytes += chunk.length;
      }
      await file.sync();
    } finally {
      // Also releases the lock.
      file.close();
    }
    const sha256 = hash.digest("hex");
    if (await fileHash(partial) !== sha256) {
      throw new BackupError(
        "damaged",
        `The file system returned something else than was written to ${partial}. Check the disk.`,
      );
    }
    return {
      ...{ path: partial, bytes, sha256, discard },
      async commit() {
        // Without overwrite: another process may have created it meanwhile.
        if (overwrite) await Deno.rename(partial, path);
        else {
          await Deno.link(partial, path).catch(async (error) => {
            if (error instanceof Deno.errors.AlreadyExists) throw alreadyExists(path);
            // A file system without hard links.
            await Deno.rename(partial, path);
          });
          await discard();
        }
        await syncFolder(dirname(path));
      },
    };
  } catch (error) {
    await discard();
    throw fileProblem(error, path);
  }
}

/** The content of a backup. Throws BackupError. */
export async function openBackupFile(path: string): Promise<ReadableStream<Uint8Array>> {
  try {
    return (await Deno.open(path)).readable;
  } catch (error) {
    throw fileProblem(error, path);
  }
}

/** Throws BackupError if no backup can be written there. */
export async function checkTarget(path: string, overwrite: boolean): Promise<void> {
  const target = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw fileProblem(error, path);
  });
  if (target === undefined) return;
  if (!target.isFile) {
    throw new BackupError(
      "file",
      `${path} is not a regular file. Name a file, or use - for standard output.`,
    );
  }
  if (!overwrite) throw alreadyExists(path);
}

function alreadyExists(path: string): BackupError {
  return new BackupError("exists", `${path} exists. Choose another name, or use --overwrite.`);
}

/** Replaces one that an interrupted backup has left, but not one that is being written. */
async function createPartial(path: string, partial: string): Promise<Deno.FsFile> {
  try {
    const left = await Deno.open(partial, { read: true, write: true }).catch(() => undefined);
    if (left !== undefined) {
      const isFree = await left.tryLock(true);
      left.close();
      if (!isFree) {
        throw new BackupError("file", `Another backup is writing ${path}. Wait until it is done.`);
      }
      await Deno.remove(partial);
    }
    const file = await Deno.open(partial, { write: true, createNew: true, mode: 0o600 });
    await file.lock(true);
    return file;
  } catch (error) {
    throw fileProblem(error, path);
  }
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  return hash.digest("hex");
}

/** Errors of the operating system with what to do; others as they are. */
function fileProblem(error: unknown, path: string): unknown {
  const { code = "" } = Object(error) as { code?: string };
  const problem = (text: string) => new BackupError("file", `${path} ${text}`);
  if (error instanceof Deno.errors.NotFound) {
    return problem("does not exist. Check the name and its folder.");
  }
  if (error instanceof Deno.errors.PermissionDenied || code === "EACCES" || code === "EPERM") {
    return problem("cannot be opened: permission denied. Run as a user that may, or name another.");
  }
  if (error instanceof Deno.errors.IsADirectory || code === "EISDIR") {
    return problem("is a folder. Name a file.");
  }
  if (error instanceof Deno.errors.NotADirectory || code === "ENOTDIR") {
    return problem("is below a file. Name another folder.");
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new BackupError(
      "no_space",
      `${path} cannot be written: the disk is full. Nothing was left behind. Free some space, or ` +
        "name a file on another disk.",
    );
  }
  if (code === "EROFS") return problem("cannot be written: the file system is read-only.");
  return error;
}
