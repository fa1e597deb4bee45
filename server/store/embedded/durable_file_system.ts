import { fsyncSync } from "node:fs";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** The part of Emscripten's file layer that is used here; `nfd` is the host's file descriptor. */
interface EmscriptenModule {
  NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } };
}

/**
 * PGlite's file system, with an fsync that reaches the disk. Emscripten's own does nothing and
 * reports success, so that a power failure could lose what was acknowledged.
 */
export class DurableFileSystem extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS["init"]>) {
    const result = await super.init(pg, options);
    const preRun = [result.emscriptenOpts.preRun ?? []].flat();
    preRun.push((module: unknown) => addFsync(module as EmscriptenModule));
    return { emscriptenOpts: { ...result.emscriptenOpts, preRun } };
  }
}

/** Makes PostgreSQL call fsync at each commit, in the way that is supported. */
export const DURABLE_START_PARAMETERS = ["-c", "fsync=on", "-c", "wal_sync_method=fsync"];

function addFsync({ NODEFS }: EmscriptenModule): void {
  NODEFS.stream_ops.fsync = ({ nfd }) => {
    try {
      fsyncSync(nfd);
    } catch (error) {
      // Windows cannot sync directories and files opened for reading, and does not have to.
      if (Deno.build.os !== "windows") throw error;
    }
    return 0;
  };
}
