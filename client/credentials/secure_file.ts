/** Files that only their owner can read: written atomically, and rejected if others can read them. */
import { basename, dirname, join, resolve } from "../../shared/path.ts";
import { HOW_TO_CHANGE_FOLDER } from "./config_dir.ts";
import { CredentialStoreError } from "./store.ts";
import { shellWord } from "../../shared/shell_word.ts";

/** The writer of a temporary file of this age was killed: none takes that long. */
const LEFTOVER_AGE_MS = 60_000;

/** A file or folder that others may read or write; `message` says how to fix it. */
export class InsecurePermissionsError extends Error {
  override readonly name = "InsecurePermissionsError";
}

/** Creates `path` (mode 0700) and its missing parents. */
export async function createPrivateFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * The text of the file at `path`; undefined if there is none. Throws InsecurePermissionsError
 * if anyone but the owner may read or write it.
 */
export function readPrivateFile(path: string): string | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using open = file;
  rejectInsecurePermissions(open.statSync(), path);
  return readText(open);
}

/** Synchronous, like all of reading: these files are small, and `token` needs no thread for them. */
function readText(file: Deno.FsFile): string {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(16 * 1024);
  let text = "";
  for (let size; (size = file.readSync(chunk)) !== null;) {
    text += decoder.decode(chunk.subarray(0, size), { stream: true });
  }
  return text + decoder.decode();
}

/** Throws InsecurePermissionsError if the folder at `path` is open to others; a missing one is fine. */
export function checkPrivateFolder(path: string): void {
  try {
    rejectInsecurePermissions(Deno.statSync(path), path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Replaces the file at `link` atomically: written beside it, synced, then renamed. A symbolic
 * link is kept, and its target replaced.
 */
export async function writePrivateFile(link: string, text: string): Promise<void> {
  const path = await linkTarget(link);
  const folder = dirname(path);
  await createPrivateFolder(folder);
  const temporary = join(folder, `${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    {
      using file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
      await writeAll(file, new TextEncoder().encode(text));
      await file.sync();
    }
    await Deno.rename(temporary, path);
    await removeLeftovers(path, LEFTOVER_AGE_MS);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** More than a login needs. */
const PROBE_BYTES = 8192;

/**
 * Writes and deletes a file in `folder`, to detect a read-only folder, a full disk, or a file
 * system without permissions (drvfs, FAT, some network mounts). `modeOf` is for tests.
 */
export async function checkPrivateFolderWritable(
  folder: string,
  modeOf = async (file: Deno.FsFile) => (await file.stat()).mode,
): Promise<void> {
  await createPrivateFolder(folder);
  const probe = join(folder, "probe");
  const temporary = `${probe}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
    const mode = await modeOf(file);
    if (mode !== null && (mode & 0o077) !== 0) {
      throw new InsecurePermissionsError(
        `The file system of ${folder} does not keep permissions: a private file gets ` +
          `the mode ${(mode & 0o777).toString(8)}. ${HOW_TO_CHANGE_FOLDER}`,
      );
    }
    await writeAll(file, crypto.getRandomValues(new Uint8Array(PROBE_BYTES)));
    await file.sync();
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
  await removeLeftovers(probe, LEFTOVER_AGE_MS);
}

/**
 * Deletes the file at `path`, if there is one, and the leftovers of killed writers. Of a
 * symbolic link the target is deleted as well, which contains the secret.
 */
export async function removePrivateFile(path: string): Promise<void> {
  const target = await linkTarget(path);
  await Deno.remove(target).catch(ignoreMissing);
  await removeLeftovers(target, 0);
  if (target !== path) await Deno.remove(path).catch(ignoreMissing);
}

/** Renames a damaged file, so that it can be recovered by hand. */
export async function setAside(link: string): Promise<void> {
  const path = await linkTarget(link);
  await Deno.rename(path, `${path}.damaged`).catch(ignoreMissing);
}

/** Removes temporary files of writers that were killed before the rename. */
async function removeLeftovers(path: string, minAgeMs: number): Promise<void> {
  const folder = dirname(path);
  const before = Date.now() - minAgeMs;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(".tmp")) continue;
      const leftover = join(folder, name);
      const { mtime } = await Deno.lstat(leftover);
      if (mtime === null || mtime.getTime() <= before) await Deno.remove(leftover);
    }
  } catch (error) {
    // Another process may remove the same files.
    ignoreMissing(error);
  }
}

/** The kernel's limit on symbolic links in a path (path_resolution(7)). */
const MAX_LINKS = 40;

/** The target of a symbolic link, which need not exist; `path` itself if it is not a link. */
async function linkTarget(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const info = await Deno.lstat(target).catch(ignoreMissing);
    if (info === undefined || !info.isSymlink) return target;
    target = resolve(dirname(target), await Deno.readLink(target));
  }
  throw new CredentialStoreError(
    `${path} is a broken symbolic link. ${HOW_TO_CHANGE_FOLDER}`,
  );
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

function rejectInsecurePermissions(info: Deno.FileInfo, path: string): void {
  // Windows has no mode: the folder's access list protects its files.
  if (info.mode === null || (info.mode & 0o077) === 0) return;
  const mode = info.isDirectory ? "700" : "600";
  const kind = info.isDirectory ? "folder" : "file";
  throw new InsecurePermissionsError(
    `Other users can read or change the ${kind} ${path}. ` +
      `Restrict it to yourself: chmod ${mode} ${shellWord(path)}`,
  );
}
