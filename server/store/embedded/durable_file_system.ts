import { fsyncSync } from "node:fs";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** The part of Emscripten's file layer that we reach into; `nfd` is the host's descriptor. */
interface EmscriptenModule {
  NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } };
}

/**
 * PGlite's file system with one thing added: fsync reaches the disk. Without it
 * Emscripten answers "done" to PostgreSQL's fsync and does nothing, so that a
 * power failure could take back what was acknowledged.
 */
export class DurableFileSystem extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS["init"]>) {
    const made = await super.init(pg, options);
    const preRun = [made.emscriptenOpts.preRun ?? []].flat();
    preRun.push((module: unknown) => addFsync(module as EmscriptenModule));
    return { emscriptenOpts: { ...made.emscriptenOpts, preRun } };
  }
}

/** What PostgreSQL must be told so that it asks for fsync at each commit, in the way we offer. */
export const DURABLE_START_PARAMETERS = ["-c", "fsync=on", "-c", "wal_sync_method=fsync"];

function addFsync({ NODEFS }: EmscriptenModule): void {
  NODEFS.stream_ops.fsync = ({ nfd }) => {
    try {
      fsyncSync(nfd);
    } catch (error) {
      // Windows syncs neither directories nor what is open for reading, and needs it not.
      if (Deno.build.os !== "windows") throw error;
    }
    return 0;
  };
}
