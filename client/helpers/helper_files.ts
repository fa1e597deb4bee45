/** Links to this program, and scripts that start it. */
import { dirname, join } from "../../shared/path.ts";
import { describeFileError } from "../credentials/file_error.ts";
import { ClientError } from "../errors.ts";

/** Whether the link is there. Throws ClientError if something else is, unless this program created it. */
export async function checkLink(path: string, program: string, isOwn: boolean): Promise<boolean> {
  const info = await infoOf(path);
  if (info === undefined) return false;
  if (info.isSymlink && await Deno.readLink(path) === program) return true;
  if (isOwn && !info.isDirectory) return false;
  throw occupied(path);
}

export async function createLink(path: string, program: string): Promise<void> {
  await inFolder(path, async (temporary) => {
    if (Deno.build.os !== "windows") return await Deno.symlink(program, temporary);
    // Symbolic links need a privilege there.
    await Deno.link(program, temporary).catch(() => Deno.copyFile(program, temporary));
  });
}

export async function removeLink(path: string): Promise<void> {
  const info = await infoOf(path);
  // Windows has no symbolic link there.
  if (info === undefined || !(info.isSymlink || Deno.build.os === "windows")) return;
  await remove(path);
}

/** Whether the script is there as it has to be. Throws ClientError if something else is. */
export async function checkScript(path: string, text: string, isOwn: boolean): Promise<boolean> {
  const info = await infoOf(path);
  if (info === undefined) return false;
  if (!info.isFile || !isOwn) throw occupied(path);
  return await Deno.readTextFile(path).catch(() => undefined) === text;
}

export async function writeScript(path: string, text: string): Promise<void> {
  await inFolder(path, async (temporary) => {
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o700 });
  });
}

export async function removeScript(path: string): Promise<void> {
  if ((await infoOf(path))?.isFile) await remove(path);
}

/** The folders that have to be created for `path`, the innermost first. */
export async function missingFolders(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = dirname(path); await infoOf(folder) === undefined; folder = dirname(folder)) {
    missing.push(folder);
  }
  return missing;
}

/** Removes the folders that are empty. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    // Not a link, and nothing that has content.
    if ((await infoOf(folder))?.isDirectory) await Deno.remove(folder).catch(() => {});
  }
}

/** Creates `path` atomically, by a temporary name in its folder. */
async function inFolder(path: string, create: (temporary: string) => Promise<void>) {
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await create(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw fileError(path, error);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

async function infoOf(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.lstat(path).catch(() => undefined);
}

function fileError(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new ClientError(
    "config_file",
    `${path} cannot be changed: ${describeFileError(error)}.`,
  );
}

function occupied(path: string): ClientError {
  return new ClientError(
    "foreign_setting",
    `${path} exists, and was not created by this command. Move it away, then run it again.`,
  );
}
