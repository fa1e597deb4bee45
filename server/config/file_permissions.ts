import { dirname, resolve } from "node:path";
import { shellWord } from "../../shared/shell_word.ts";
import { isMountedForService, isReadOnlyInContainer } from "./mounts.ts";

/** Who may read a file or folder, besides its owner. Only the owner may write it. */
export type Readers = "owner" | "group" | "everyone";

/** The user that a process runs as. */
export interface Identity {
  uid: number;
  gid: number;
}

const ROOT = 0;
/** How a user namespace shows owners that are outside of it. */
const OVERFLOW_UID = 65_534;
const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/** Mode bits that must not be set, and how to clear them. */
const FORBIDDEN: Record<Readers, { bits: number; clear: string }> = {
  owner: { bits: 0o077, clear: "go-rwx" },
  group: { bits: 0o027, clear: "g-w,o-rwx" },
  everyone: { bits: WRITABLE_BY_OTHERS, clear: "go-w" },
};

/** Undefined on Windows, where access control lists protect files. */
export function ownIdentity(): Identity | undefined {
  const uid = Deno.build.os === "windows" ? null : Deno.uid();
  return uid === null ? undefined : { uid, gid: Deno.gid() ?? uid };
}

/**
 * How the permissions of a file or folder are too wide, with the command that fixes them; undefined
 * if they are not. The folders above count too: a user who may write there can replace the file. Of
 * a path that does not exist, the folders above that do exist are checked.
 */
export async function permissionProblem(
  path: string,
  readers: Readers,
  self: Identity | undefined = ownIdentity(),
  readMounts = mountInfo,
): Promise<string | undefined> {
  // The code that uses the file reports an empty path.
  if (self === undefined || path === "") return undefined;
  const info = await ifExists(() => Deno.stat(path));
  const isFixed = async (folder: string) => {
    if (Deno.build.os !== "linux") return false;
    const [realPath, mounts] = await Promise.all([Deno.realPath(folder), readMounts()]);
    return isReadOnlyInContainer(realPath, mounts);
  };
  if (info !== undefined) {
    const problem = ownProblem(path, info, readers, self);
    if (problem !== undefined && !(info.isDirectory && await isFixed(path))) return problem;
  }
  return await parentProblem(path, self, isFixed);
}

async function mountInfo(): Promise<string> {
  return await Deno.readTextFile("/proc/self/mountinfo").catch(() => "");
}

/**
 * As permissionProblem, of a file that has one secret; its group may read it. In a mount for this
 * service the modes and owners are the runtime's (Kubernetes: 0644, root), and no other user sees it:
 * there, only others must not be able to write it.
 */
export async function secretFileProblem(
  path: string,
  self: Identity | undefined = ownIdentity(),
  readMounts = mountInfo,
): Promise<string | undefined> {
  const problem = await permissionProblem(path, "group", self, readMounts);
  if (problem === undefined || Deno.build.os !== "linux") return problem;
  const [realPath, mounts] = await Promise.all([
    Deno.realPath(path),
    readMounts(),
  ]);
  if (!isMountedForService(realPath, mounts)) return problem;
  const info = await ifExists(() => Deno.stat(path));
  return ((info?.mode ?? 0) & WRITABLE_BY_OTHERS) === 0 ? undefined : problem;
}

function ownProblem(
  path: string,
  info: Deno.FileInfo,
  readers: Readers,
  self: Identity,
): string | undefined {
  if (isForeign(info, self)) {
    return `${path} belongs to another user (uid ${info.uid}). Run this program as that user, or ` +
      `run: chown ${info.isDirectory ? "-R " : ""}${self.uid} ${shellWord(path)}`;
  }
  const { bits, clear } = FORBIDDEN[readers];
  const excess = (info.mode ?? 0) & bits;
  if (excess === 0) return undefined;
  const verb = (excess & WRITABLE_BY_OTHERS) !== 0 ? "change" : "read";
  return `other users of this machine can ${verb} ${path}. To fix this, run: chmod ${clear} ${
    shellWord(path)
  }`;
}

/**
 * Checks the folders above `path`, both as written and with symbolic links resolved. `isFixed`:
 * whether a folder cannot be changed, whatever its mode.
 */
async function parentProblem(
  path: string,
  self: Identity,
  isFixed: (folder: string) => Promise<boolean>,
): Promise<string | undefined> {
  const written = resolve(path);
  const real = await ifExists(() => Deno.realPath(written)) ?? written;
  for (const folder of new Set([...ancestors(written), ...ancestors(real)])) {
    const info = await ifExists(() => Deno.stat(folder));
    if (info === undefined) continue;
    if (isForeign(info, self) && info.uid !== OVERFLOW_UID) {
      return `${folder} belongs to another user (uid ${info.uid}), who can replace ${path}. ` +
        "Move it to a folder of your own.";
    }
    if (mayBeWrittenByOthers(info, self) && !await isFixed(folder)) {
      return `other users of this machine can replace ${path}. To fix this, run: chmod go-w ${
        shellWord(folder)
      }`;
    }
  }
  return undefined;
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestors(parent)];
}

function isForeign({ uid }: Deno.FileInfo, self: Identity): boolean {
  return uid !== null && uid !== ROOT && uid !== self.uid;
}

/**
 * In a sticky folder such as /tmp, users can only rename their own files. A group with the number
 * of the user is private to the user: Linux distributions create one, with a umask that lets it
 * write.
 */
function mayBeWrittenByOthers({ mode, gid }: Deno.FileInfo, self: Identity): boolean {
  const bits = mode ?? 0;
  if ((bits & STICKY) !== 0) return false;
  const isPrivateGroup = self.uid !== ROOT && self.uid === self.gid && gid === self.gid;
  return (bits & (isPrivateGroup ? 0o002 : WRITABLE_BY_OTHERS)) !== 0;
}

async function ifExists<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // The code that uses it reports this.
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
