import { dirname, resolve } from "node:path";
import { shellWord } from "../../shared/shell_word.ts";

/** Who may read a file or folder beside its owner. Nobody else may ever write it. */
export type Readers = "owner" | "group" | "everyone";

/** Whom a process runs as. */
export interface Identity {
  uid: number;
  gid: number;
}

const ROOT = 0;
/** How a user namespace shows owners that it has no number for: they are outside of it. */
const OVERFLOW_UID = 65_534;
const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/** Mode bits that must not be set, and how to clear them. */
const FORBIDDEN: Record<Readers, { bits: number; clear: string }> = {
  owner: { bits: 0o077, clear: "go-rwx" },
  group: { bits: 0o027, clear: "g-w,o-rwx" },
  everyone: { bits: WRITABLE_BY_OTHERS, clear: "go-w" },
};

/** The user this process runs as; undefined on Windows, where access lists guard files. */
export function ownIdentity(): Identity | undefined {
  const uid = Deno.build.os === "windows" ? null : Deno.uid();
  return uid === null ? undefined : { uid, gid: Deno.gid() ?? uid };
}

/**
 * What other users of this machine may do with the file or folder at `path` and must not,
 * in a sentence with the command that fixes it; undefined if there is nothing. The
 * folders above count too: who may write there can put another file in its place.
 * A path that does not exist (yet) is judged by the folders that do.
 */
export async function permissionProblem(
  path: string,
  readers: Readers,
  self: Identity | undefined = ownIdentity(),
): Promise<string | undefined> {
  if (self === undefined) return undefined;
  const info = await ifExists(() => Deno.stat(path));
  return (info && ownProblem(path, info, readers, self)) ?? await parentProblem(path, self);
}

function ownProblem(
  path: string,
  info: Deno.FileInfo,
  readers: Readers,
  self: Identity,
): string | undefined {
  if (isForeign(info, self)) {
    return `${path} belongs to another user (uid ${info.uid}). Run the command as that user, or ` +
      `run: chown ${info.isDirectory ? "-R " : ""}${self.uid} ${shellWord(path)}`;
  }
  const { bits, clear } = FORBIDDEN[readers];
  const found = (info.mode ?? 0) & bits;
  if (found === 0) return undefined;
  const may = (found & WRITABLE_BY_OTHERS) !== 0 ? "change" : "read";
  return `other users of this machine may ${may} ${path}. Run: chmod ${clear} ${shellWord(path)}`;
}

/** Of the folders above `path`, both as it is written and with symbolic links resolved. */
async function parentProblem(path: string, self: Identity): Promise<string | undefined> {
  const written = resolve(path);
  const real = await ifExists(() => Deno.realPath(written)) ?? written;
  for (const folder of new Set([...ancestors(written), ...ancestors(real)])) {
    const info = await ifExists(() => Deno.stat(folder));
    if (info === undefined) continue;
    if (isForeign(info, self) && info.uid !== OVERFLOW_UID) {
      return `${folder} belongs to another user (uid ${info.uid}), who may replace ${path}. ` +
        "Choose another place for it.";
    }
    if (mayBeWrittenByOthers(info, self)) {
      return `other users of this machine may replace ${path}. Run: chmod go-w ${
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
 * In a sticky folder such as /tmp others cannot rename what is not theirs. A group of the
 * user's own number is private to them, as Linux distributions set users up, with a umask
 * that lets it write.
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
    // What this user may not look at fails where it is used, with a message of its own.
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
