import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Sql } from "./connect.ts";

/**
 * A result is reused for this long: unauthenticated clients can request it, and each probe is a
 * commit.
 */
const REUSE_MS = 1000;
/** More than a page, so that the database needs more disk space. */
const PADDING_BYTES = 64 * 1024;

export interface WriteProbe {
  /** Throws what a write throws. Probes at the same time share one write. */
  probe(): Promise<void>;
  /** Reports that a statement failed with this SQLSTATE. */
  failed(code: string): void;
}

/**
 * Writes and commits one row. A full disk often still has space for that, so after disk_full
 * (53100) the probe requests more space until it succeeds. In `folder`, that of the embedded
 * database, it always does.
 */
export function writeProbe(sql: Sql, folder?: string): WriteProbe {
  let diskFull = false;
  let running: Promise<void> | undefined;
  let succeededAt = -Infinity;
  const write = async () => {
    if (folder !== undefined) await writeFile(folder);
    if (diskFull) {
      await sql`update write_probe set written_at = now(), padding = ${randomBytes(PADDING_BYTES)}`;
      diskFull = false;
      await sql`update write_probe set padding = null`;
    } else await sql`update write_probe set written_at = now()`;
    succeededAt = performance.now();
  };
  return {
    failed(code) {
      if (code !== "53100") return;
      diskFull = true;
      succeededAt = -Infinity;
    },
    async probe() {
      if (performance.now() - succeededAt < REUSE_MS) return;
      running ??= write().finally(() => running = undefined);
      await running;
    },
  };
}

async function writeFile(folder: string): Promise<void> {
  const path = join(folder, "..", "write-probe");
  try {
    await Deno.writeFile(path, randomBytes(PADDING_BYTES), { mode: 0o600 });
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
