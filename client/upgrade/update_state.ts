/** What this user's commands know of newer versions. Without secrets; a file that can be lost. */
import { dirname, join } from "../../shared/path.ts";
import { findConfigFolder } from "../credentials/config_dir.ts";
import { readPrivateFile, writePrivateFile } from "../credentials/secure_file.ts";
import type { ClientIo } from "../io.ts";

/** Times are in ms since 1970. */
export interface UpdateState {
  /** When the newest version was last asked for. */
  checkedAt?: number;
  /** The newest version then. */
  latest?: string;
  /** When a notice was last printed. */
  noticedAt?: number;
  /** Set by the user. */
  notice?: "on" | "off";
}

type StateIo = Pick<ClientIo, "env" | "platform">;

/** Empty if there is none, or if it cannot be read. */
export function readUpdateState(io: StateIo): UpdateState {
  try {
    const path = statePath(io);
    const { checkedAt, latest, noticedAt, notice } = Object(
      JSON.parse(path && readPrivateFile(path) || "{}"),
    );
    const time = (value: unknown) => typeof value === "number" ? value : undefined;
    return {
      checkedAt: time(checkedAt),
      latest: typeof latest === "string" ? latest : undefined,
      noticedAt: time(noticedAt),
      notice: notice === "on" || notice === "off" ? notice : undefined,
    };
  } catch {
    return {};
  }
}

/** False if it cannot be written, or is not this user's. */
export async function updateState(change: UpdateState, io: StateIo): Promise<boolean> {
  try {
    const path = statePath(io);
    if (path === undefined) return false;
    const state = { ...readUpdateState(io), ...change };
    await writePrivateFile(path, `${JSON.stringify(state)}\n`);
    return true;
  } catch {
    return false;
  }
}

function statePath(io: StateIo): string | undefined {
  const folder = findConfigFolder(io);
  if (folder === undefined || isOfAnotherUser(folder)) return undefined;
  return join(folder, "upgrade.json");
}

/**
 * Whether root would write to another user's folder, as with sudo that keeps HOME: that user could
 * not read what is there any more. Of a folder that does not exist its parent counts.
 */
function isOfAnotherUser(folder: string): boolean {
  if (Deno.uid() !== 0) return false;
  try {
    return Deno.statSync(folder).uid !== 0;
  } catch {
    const parent = dirname(folder);
    return parent !== folder && isOfAnotherUser(parent);
  }
}
