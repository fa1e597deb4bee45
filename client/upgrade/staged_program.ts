/**
 * Replaces the file of a program, so that at every moment there is a whole one at its path: the new
 * one is written beside it and renamed over it, and the old one gets a second name first.
 */
import { basename, dirname, join } from "../../shared/path.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { describeFileError } from "../credentials/file_error.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { copyCapabilities } from "./file_capabilities.ts";
import { versionOf } from "./program_version.ts";

type StageIo = Pick<ClientIo, "runProgram" | "platform">;

export interface StagedProgram extends AsyncDisposable {
  /** Writes the new program, and waits for the disk. */
  write(content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Throws ClientError unless it starts and is that version. */
  check(expected: { name: string; version: string }): Promise<void>;
  /** Keeps the old program as `previousPath`, and puts the new one in its place. */
  install(): Promise<void>;
}

/** Where the old program is kept: `NAME.previous`, `NAME.previous.exe`. */
export function previousPath(path: string): string {
  return path.toLowerCase().endsWith(".exe")
    ? `${path.slice(0, -4)}.previous.exe`
    : `${path}.previous`;
}

/**
 * Starts with an empty file beside `path`, which shows that its folder can be written to, and that
 * the new program can have what the old one has.
 */
export async function stageProgram(path: string, io: StageIo): Promise<StagedProgram> {
  await removeLeftovers(path);
  await checkOwner(path);
  const staged = temporaryPath(path, "new");
  return await withFileErrors(path, io, async () => {
    const file = await Deno.open(staged, { createNew: true, write: true, mode: 0o755 });
    let isOpen = true;
    const close = () => {
      if (isOpen) file.close();
      isOpen = false;
    };
    try {
      copyCapabilities(path, staged, io);
    } catch (error) {
      close();
      await Deno.remove(staged);
      throw error;
    }
    return {
      write: (content) =>
        withFileErrors(path, io, async () => {
          for await (const piece of content) {
            for (let written = 0; written < piece.length;) {
              written += await file.write(piece.subarray(written));
            }
          }
          await file.sync();
          // A program that is open for writing cannot be started.
          close();
          await copyAccess(path, staged, io);
        }),
      async check({ name, version }) {
        const actual = await versionOf(staged, name, io);
        if (actual === version) return;
        throw new ClientError(
          "invalid_release",
          `The archive has ${name} ${actual}, not ${version}. Nothing was changed.`,
        );
      },
      install: () => withFileErrors(path, io, () => install(staged, path, io)),
      async [Symbol.asyncDispose]() {
        close();
        await Deno.remove(staged).catch(() => {});
      },
    };
  });
}

/**
 * In a folder of a group, its members could replace a program of root by one that they own, and
 * could then change, while root goes on to run it.
 */
async function checkOwner(path: string): Promise<void> {
  const user = Deno.uid();
  if (user === null || user === 0 || (await Deno.stat(path)).uid === user) return;
  throw new ClientError(
    "program_not_replaceable",
    `${path} belongs to another user, and the new program would belong to you. ` +
      `Nothing was changed. Run the same as that user: sudo ${shellWord(path)} upgrade`,
  );
}

/**
 * The owner, as far as this user may set it, the mode, whatever the umask, and the capabilities,
 * which a change of the owner would clear.
 */
async function copyAccess(from: string, to: string, io: StageIo): Promise<void> {
  if (io.platform.os === "windows") return;
  const { mode, uid, gid } = await Deno.stat(from);
  if (Deno.uid() === 0) await Deno.chown(to, uid, gid);
  await Deno.chmod(to, mode! & 0o777);
  copyCapabilities(from, to, io);
}

/**
 * Puts the kept program back, and keeps the present one in its place, so that the way back is the
 * same. Returns its version. Throws ClientError.
 */
export async function restorePrevious(path: string, name: string, io: StageIo): Promise<string> {
  const kept = previousPath(path);
  if (!await isFile(kept)) {
    throw new ClientError(
      "no_previous_program",
      `There is no ${kept}: upgrades keep the old program there. ` +
        `Install an older version by name: ${name} upgrade VERSION`,
    );
  }
  const version = await versionOf(kept, name, io);
  await withFileErrors(path, io, async () => {
    await removeLeftovers(path);
    copyCapabilities(path, kept, io);
    await swap(path, kept, io);
  });
  return version;
}

/** Synchronous up to the last rename, so that nothing comes between. */
async function install(staged: string, path: string, io: StageIo): Promise<void> {
  const kept = previousPath(path);
  const present = temporaryPath(path, "old");
  if (io.platform.os === "windows") {
    removeIfExists(kept);
    moveAside(path, present, () => Deno.renameSync(staged, path));
    Deno.renameSync(present, kept);
    return;
  }
  addName(path, present, io);
  try {
    Deno.renameSync(present, kept);
    Deno.renameSync(staged, path);
  } finally {
    removeIfExists(present);
  }
  await syncFolder(path);
}

async function swap(path: string, kept: string, io: StageIo): Promise<void> {
  const present = temporaryPath(path, "old");
  if (io.platform.os === "windows") {
    moveAside(path, present, () => Deno.renameSync(kept, path));
  } else {
    addName(path, present, io);
    Deno.renameSync(kept, path);
  }
  Deno.renameSync(present, kept);
  await syncFolder(path);
}

/**
 * On Windows a program that runs can be renamed, but not replaced: there, for a moment, no file has
 * its name.
 */
function moveAside(path: string, aside: string, replace: () => void): void {
  Deno.renameSync(path, aside);
  try {
    replace();
  } catch (error) {
    Deno.renameSync(aside, path);
    throw error;
  }
}

function addName(path: string, name: string, io: StageIo): void {
  try {
    Deno.linkSync(path, name);
  } catch {
    // Some network and FUSE file systems have no hard links.
    Deno.copyFileSync(path, name);
    copyCapabilities(path, name, io);
  }
}

function temporaryPath(path: string, kind: "new" | "old"): string {
  const suffix = path.toLowerCase().endsWith(".exe") ? ".exe" : "";
  return join(dirname(path), `.${basename(path)}-${crypto.randomUUID()}.${kind}${suffix}`);
}

/** Removes files of upgrades that were killed. The caller has the lock. */
async function removeLeftovers(path: string): Promise<void> {
  const start = `.${basename(path)}-`;
  try {
    for await (const { name } of Deno.readDir(dirname(path))) {
      if (
        !name.startsWith(start) ||
        !/^[0-9a-f-]{36}\.(new|old)(\.exe)?$/.test(name.slice(start.length))
      ) {
        continue;
      }
      await Deno.remove(join(dirname(path), name)).catch(() => {});
    }
  } catch {
    // Whether the folder can be used is found out next.
  }
}

/** So that a power failure does not undo the rename; not every system can. */
async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(dirname(path));
    await folder.sync();
  } catch {
    // The names are in place, only not on the disk yet.
  }
}

async function withFileErrors<T>(path: string, io: StageIo, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error instanceof ClientError) {
      throw error;
    }
    const isDenied = error.code === "EACCES" || error.code === "EPERM";
    const hint = !isDenied
      ? ""
      : io.platform.os === "windows"
      ? " Run the same in a terminal that was started as administrator."
      : ` Run the same as the user who owns it: sudo ${shellWord(path)} upgrade`;
    throw new ClientError(
      "program_not_replaceable",
      `${path} cannot be replaced: ${describeFileError(error)}. Nothing was changed.${hint}`,
    );
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isFile;
  } catch {
    return false;
  }
}

function removeIfExists(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
