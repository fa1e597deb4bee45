/**
 * The narrow tokens that `exec` has given to programs of this machine, for `status`: one file beside
 * the list of logins. It describes them and contains no token. All of it is best effort: a program
 * runs without it.
 */
import { join } from "../../shared/path.ts";
import { configFolder, findConfigFolder } from "../credentials/config_dir.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import {
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../credentials/secure_file.ts";
import type { ClientIo } from "../io.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import type { AccessToken } from "./access_token.ts";

export interface NarrowToken {
  /** Its `jti`. */
  id: string;
  /** The login it belongs to. */
  sid: string;
  /** What its program is called. */
  actor: string;
  scope: string;
  /** Its `aud`. */
  resource: string;
  /** In ms since the epoch. */
  expiresAt: number;
}

/** Beyond these the oldest are dropped. */
const MAX_LISTED = 100;

type ListIo = Pick<ClientIo, "env" | "platform" | "clock" | "signal">;

/** Those of a login that have not expired, oldest first. They may have been revoked elsewhere. */
export function listNarrowTokens(sid: unknown, io: Omit<ListIo, "signal">): NarrowToken[] {
  return read(io).filter((token) => token.sid === sid);
}

export async function rememberNarrowToken(token: AccessToken, io: ListIo): Promise<void> {
  const entry = describe(token);
  if (entry !== undefined) await update(io, (entries) => [...entries, entry]);
}

export async function forgetNarrowToken(token: AccessToken, io: ListIo): Promise<void> {
  const entry = describe(token);
  if (entry === undefined) return;
  await update(io, (entries) => entries.filter(({ id }) => id !== entry.id));
}

function describe({ token, scope = "", expiresAt }: AccessToken): NarrowToken | undefined {
  const { jti: id, sid, aud: resource, act } = unverifiedClaims(token) ?? {};
  const entry = { id, sid, actor: Object(act).sub, scope, resource, expiresAt };
  return isNarrowToken(entry) ? entry : undefined;
}

function read(io: Omit<ListIo, "signal">): NarrowToken[] {
  const folder = findConfigFolder(io);
  if (folder === undefined) return [];
  try {
    const { tokens } = Object(JSON.parse(readPrivateFile(pathIn(folder)) ?? "{}"));
    if (!Array.isArray(tokens)) return [];
    return tokens.filter(isNarrowToken).filter(({ expiresAt }) => expiresAt > io.clock.now());
  } catch {
    return [];
  }
}

async function update(
  io: ListIo,
  change: (entries: NarrowToken[]) => NarrowToken[],
): Promise<void> {
  try {
    const folder = configFolder(io);
    const lock = join(folder, "locks", "narrow-tokens.lock");
    await withFileLock(lock, { signal: io.signal }, async () => {
      const path = pathIn(folder);
      const tokens = change(read(io)).slice(-MAX_LISTED);
      if (tokens.length === 0) await removePrivateFile(path);
      else await writePrivateFile(path, `${JSON.stringify({ tokens }, undefined, 2)}\n`);
    });
  } catch {
    // For example a read-only home folder.
  }
}

function pathIn(folder: string): string {
  return join(folder, "narrow-tokens.json");
}

function isNarrowToken(value: unknown): value is NarrowToken {
  const { id, sid, actor, scope, resource, expiresAt } = Object(value);
  return [id, sid, actor, scope, resource].every((text) => typeof text === "string") &&
    Number.isFinite(expiresAt);
}
