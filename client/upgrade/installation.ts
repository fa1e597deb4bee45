/** Whether the running program can replace its own file. */
import { brand } from "../../shared/brand.ts";
import { dirname, join } from "../../shared/path.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { configFolder } from "../credentials/config_dir.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { findOwner } from "./program_owner.ts";
import type { RunningProgram } from "./running_program.ts";

/** The file of the program, behind all links. Throws ClientError if it is not ours to replace. */
export async function ownFile(
  program: RunningProgram,
  io: Pick<ClientIo, "runProgram" | "platform" | "env">,
): Promise<string> {
  if (!program.isCompiled) {
    throw new ClientError(
      "unsupported",
      "This runs from the sources, which git upgrades. Nothing was changed.",
    );
  }
  let path: string;
  try {
    path = await Deno.realPath(program.path);
  } catch {
    throw new ClientError(
      "program_not_replaceable",
      `${program.path} is no longer there: it was replaced or removed. Run the same again.`,
    );
  }
  const owner = await findOwner(path, program, io);
  if (owner === undefined) return path;
  throw new ClientError(
    "managed_installation",
    `${path} belongs to ${owner.name}, so nothing was changed. ${owner.advice}`,
  );
}

/**
 * Root's locks are never in a home: sudo may keep HOME, and a folder of root there would shut its
 * user out, or a link of that user lead root elsewhere. Only root can write to /run.
 */
function lockFolder(io: Pick<ClientIo, "env" | "platform">): string {
  return Deno.uid() === 0
    ? `/var/run/${brand.binaryName}-upgrade`
    : join(configFolder(io), "locks");
}

/** Runs `work` unless another process of this user replaces the same file. */
export async function whileNoOtherUpgrades<T>(
  path: string,
  io: Pick<ClientIo, "env" | "platform" | "signal">,
  work: () => Promise<T>,
): Promise<T> {
  const name = `upgrade-${(await sha256Hex(path)).slice(0, 32)}.lock`;
  const lock = join(lockFolder(io), name);
  let isLocked = false;
  try {
    return await withFileLock(lock, { signal: io.signal, waitMs: 0 }, async () => {
      isLocked = true;
      return await work();
    });
  } catch (error) {
    if (isLocked) throw error;
    if (error instanceof CredentialStoreError && Deno.uid() === 0) {
      throw new ClientError(
        "program_not_replaceable",
        `${path} cannot be replaced, since ${dirname(lock)} cannot be written to. ` +
          "Nothing was changed. Make /var/run writable, as in a container without --read-only.",
      );
    }
    if (!(error instanceof ClientError) || error.code !== "locked") throw error;
    throw new ClientError("locked", `Another process upgrades ${path} now. Nothing was changed.`);
  }
}
