/**
 * What completion offers without asking the server: names of scopes and of personal access tokens,
 * as commands last received them. Neither is a secret. One file for each login, which `logout`
 * deletes.
 */
import { join } from "../../shared/path.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { findConfigFolder } from "../credentials/config_dir.ts";
import {
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../credentials/secure_file.ts";
import type { AccountKey } from "../credentials/store.ts";
import type { ClientIo } from "../io.ts";

interface CachedScope {
  name: string;
  description: string;
  /** Whether personal access tokens can have it. */
  forTokens: boolean;
}

export interface CachedToken {
  id: string;
  name: string;
}

export interface CompletionCache {
  scopes: CachedScope[];
  /** Active ones. */
  tokens: CachedToken[];
}

type CacheIo = Pick<ClientIo, "env" | "platform">;

/** Names beyond these are of no use in a list of completions. */
const MAX_ENTRIES = 200;

/** Empty if there is none, or if it cannot be read. */
export async function readCompletionCache(key: AccountKey, io: CacheIo): Promise<CompletionCache> {
  try {
    const path = await cachePath(key, io);
    const { scopes, tokens } = Object(JSON.parse(path && readPrivateFile(path) || "{}"));
    const rows = (list: unknown, names: string[]) =>
      (Array.isArray(list) ? list : []).filter((row) =>
        names.every((name) => typeof Object(row)[name] === "string")
      );
    return {
      scopes: rows(scopes, ["name", "description"]),
      tokens: rows(tokens, ["id", "name"]),
    };
  } catch {
    return { scopes: [], tokens: [] };
  }
}

/** Best effort: a command does not fail because completion will know less. */
export async function updateCompletionCache(
  key: AccountKey,
  change: (cache: CompletionCache) => Partial<CompletionCache>,
  io: CacheIo,
): Promise<void> {
  try {
    const path = await cachePath(key, io);
    if (path === undefined) return;
    const cache = await readCompletionCache(key, io);
    const { scopes, tokens } = { ...cache, ...change(cache) };
    const next = { scopes: scopes.slice(0, MAX_ENTRIES), tokens: tokens.slice(0, MAX_ENTRIES) };
    const text = JSON.stringify(next);
    if (text !== JSON.stringify(cache)) await writePrivateFile(path, `${text}\n`);
  } catch {
    // As above.
  }
}

export async function forgetCompletionCache(key: AccountKey, io: CacheIo): Promise<void> {
  const path = await cachePath(key, io);
  if (path !== undefined) await removePrivateFile(path).catch(() => {});
}

async function cachePath(
  { server, account }: AccountKey,
  io: CacheIo,
): Promise<string | undefined> {
  const folder = findConfigFolder(io);
  const name = (await sha256Hex(`${server} ${account}`)).slice(0, 32);
  return folder && join(folder, `completion-${name}.json`);
}
