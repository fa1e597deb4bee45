/** Files that only their owner can read: written whole or not at all, refused when others could read them. */
import { basename, dirname, join, resolve } from "node:path";
import { HOW_TO_CHANGE_FOLDER } from "./config_dir.ts";
import { shellWord } from "../../shared/shell_word.ts";

/** No writer takes that long: a temporary file of this age has lost its writer. */
const LEFTOVER_AGE_MS = 60_000;

/** A file or folder that others may read or write; `message` says how to mend it. */
export class InsecurePermissionsError extends Error {
  override readonly name = "InsecurePermissionsError";
}

/** Creates `path` (mode 0700) and what is missing above it. */
export async function makePrivateFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * The text of the file at `path`; undefined if there is none. Throws InsecurePermissionsError
 * if anyone but the owner may read or write it.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using open = file;
  refuseWideRights(await open.stat(), path);
  return await new Response(open.readable).text();
}

/** Throws InsecurePermissionsError if the folder at `path` is open to others; a missing one is fine. */
export async function checkPrivateFolder(path: string): Promise<void> {
  try {
    refuseWideRights(await Deno.stat(path), path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Puts `text` in place of whatever is at `path`. A process killed in between
 * leaves the old file: written beside it, forced to disk, then renamed. A symbolic
 * link stays one: what it points to is replaced.
 */
export async function writePrivateFile(link: string, text: string): Promise<void> {
  const path = await linkTarget(link);
  const folder = dirname(path);
  await makePrivateFolder(folder);
  const beside = join(folder, `${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    {
      using file = await Deno.open(beside, { createNew: true, write: true, mode: 0o600 });
      await writeAll(file, new TextEncoder().encode(text));
      await file.sync();
    }
    await Deno.rename(beside, path);
    await removeLeftovers(path, LEFTOVER_AGE_MS);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

/** As much as a login needs, with room to spare. */
const PROBE_BYTES = 8192;

/**
 * Does all that `writePrivateFile` would do for a file in `folder`, and leaves nothing
 * behind: a read-only folder, a full disk, and a file system that keeps no permissions
 * (drvfs, FAT, some network mounts) show now. `modeOf` is for tests.
 */
export async function tryPrivateFolder(
  folder: string,
  modeOf = async (file: Deno.FsFile) => (await file.stat()).mode,
): Promise<void> {
  await makePrivateFolder(folder);
  const probe = join(folder, "probe");
  const beside = `${probe}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(beside, { createNew: true, write: true, mode: 0o600 });
    const mode = await modeOf(file);
    if (mode !== null && (mode & 0o077) !== 0) {
      throw new InsecurePermissionsError(
        `The file system of ${folder} does not keep permissions: a file created for its owner ` +
          `only is open to others (mode ${(mode & 0o777).toString(8)}). ${HOW_TO_CHANGE_FOLDER}`,
      );
    }
    await writeAll(file, crypto.getRandomValues(new Uint8Array(PROBE_BYTES)));
    await file.sync();
  } finally {
    await Deno.remove(beside).catch(() => {});
  }
  await removeLeftovers(probe, LEFTOVER_AGE_MS);
}

/**
 * Deletes the file at `path` if there is one, and what killed writers left beside it.
 * Of a symbolic link both ends are deleted: the secret is in what it points to.
 */
export async function removePrivateFile(path: string): Promise<void> {
  const target = await linkTarget(path);
  await Deno.remove(target).catch(ignoreMissing);
  await removeLeftovers(target, 0);
  if (target !== path) await Deno.remove(path).catch(ignoreMissing);
}

/** Moves a file that makes no sense out of the way, in case it can be rescued. */
export async function setAside(link: string): Promise<void> {
  const path = await linkTarget(link);
  await Deno.rename(path, `${path}.damaged`).catch(ignoreMissing);
}

/** Removes files that a writer made beside `path` and was killed before it renamed them. */
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
    // Another process may be tidying up as well.
    ignoreMissing(error);
  }
}

/** The kernel's own limit on links in a row (path_resolution(7)). */
const MAX_LINKS = 40;

/** Where `path` leads if it is a symbolic link, whether or not there is anything; else `path`. */
async function linkTarget(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const info = await Deno.lstat(target).catch(ignoreMissing);
    if (info === undefined || !info.isSymlink) return target;
    target = resolve(dirname(target), await Deno.readLink(target));
  }
  throw new Error(`${path} is a symbolic link that leads nowhere`);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

function refuseWideRights(info: Deno.FileInfo, path: string): void {
  // Windows has no mode; there the folder's access list guards its files.
  if (info.mode === null || (info.mode & 0o077) === 0) return;
  const mode = info.isDirectory ? "700" : "600";
  const kind = info.isDirectory ? "folder" : "file";
  throw new InsecurePermissionsError(
    `Others on this machine may read or change the ${kind} ${path}. ` +
      `Make it yours alone: chmod ${mode} ${shellWord(path)}`,
  );
}
