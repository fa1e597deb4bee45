/** Configuration files of other programs: read as text, and replaced atomically. */
import { basename, dirname, join } from "../../../shared/path.ts";
import { describeFileError } from "../../credentials/file_error.ts";
import { ClientError } from "../../errors.ts";

/** No configuration is larger. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The text of the file, with its byte order mark; undefined if there is none. Throws ClientError. */
export async function readConfigFile(path: string): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) throw unusable(path, "it is not a file");
    if (info.size > MAX_BYTES) throw unusable(path, "it is larger than 4 MiB");
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !await isLink(path)) return undefined;
    throw fileError(path, error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unusable(path, "it is not UTF-8 text");
  }
}

/**
 * Replaces the file, whose text was `before`, or deletes it if `after` is undefined. A symbolic
 * link is kept, and so are mode and owner. Throws ClientError.
 */
export async function replaceConfigFile(
  path: string,
  before: string | undefined,
  after: string | undefined,
): Promise<void> {
  if (await readConfigFile(path) !== before) {
    throw unusable(path, "it was changed at the same time. Try again");
  }
  try {
    if (before === undefined) await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const target = before === undefined ? path : await Deno.realPath(path);
    if (after === undefined) return await Deno.remove(target);
    await replace(target, after, before === undefined ? undefined : await Deno.stat(target));
  } catch (error) {
    throw fileError(path, error);
  }
}

async function replace(path: string, text: string, old: Deno.FileInfo | undefined): Promise<void> {
  const mode = (old?.mode ?? 0o600) & 0o7777;
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    {
      using file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.sync();
    }
    if (Deno.build.os !== "windows") {
      const own = await Deno.stat(temporary);
      if (old !== undefined && (own.uid !== old.uid || own.gid !== old.gid)) {
        await Deno.chown(temporary, old.uid, old.gid);
      }
      await Deno.chmod(temporary, mode);
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Whether it is a link, which then has no target. */
async function isLink(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false);
}

function fileError(path: string, error: unknown): unknown {
  if (error instanceof ClientError) return error;
  return error instanceof Error ? unusable(path, describeFileError(error)) : error;
}

function unusable(path: string, reason: string): ClientError {
  return new ClientError("config_file", `${path} cannot be changed: ${reason}.`);
}
