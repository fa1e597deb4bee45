import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Sql } from "./connect.ts";

/** An answer is good for this long, in ms: anybody may ask, and each probe is a commit. */
const GOOD_FOR = 1000;
/** More than a page, in bytes: what the database has to find room for. */
const PADDING = 64 * 1024;

/** Finds out whether the database takes writes. */
export interface WriteProbe {
  /** Throws what a write throws. Many at once are one. */
  probe(): Promise<void>;
  /** A statement failed with this SQLSTATE. */
  failed(code: string): void;
}

/**
 * Writes and commits one row. A full disk still has room for that, so that after
 * disk_full (53100) was answered to anybody, the probe asks for more room until it
 * gets some; in `folder`, the embedded database's, it always does.
 */
export function writeProbe(sql: Sql, folder?: string): WriteProbe {
  let diskFull = false;
  let running: Promise<void> | undefined;
  let provenAt = -Infinity;
  const write = async () => {
    if (folder !== undefined) await writeFile(folder);
    if (diskFull) {
      await sql`update write_probe set written_at = now(), padding = ${randomBytes(PADDING)}`;
      diskFull = false;
      await sql`update write_probe set padding = null`;
    } else await sql`update write_probe set written_at = now()`;
    provenAt = performance.now();
  };
  return {
    failed(code) {
      if (code !== "53100") return;
      diskFull = true;
      provenAt = -Infinity;
    },
    async probe() {
      if (performance.now() - provenAt < GOOD_FOR) return;
      running ??= write().finally(() => running = undefined);
      await running;
    },
  };
}

async function writeFile(folder: string): Promise<void> {
  const path = join(folder, "..", "write-probe");
  try {
    await Deno.writeFile(path, randomBytes(PADDING), { mode: 0o600 });
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
