/** Tokens in files and in folders of files. */
import { join } from "node:path";
import type { ClientIo } from "../client_io.ts";
import type { Finding } from "./finding.ts";
import { scanPieces } from "./scan_pieces.ts";
import { TokenStream } from "./token_stream.ts";

/** Where version control keeps what is not a user's file. */
const CONTROL_FOLDERS = new Set([".git", ".hg", ".jj", ".svn"]);
/** What git looks at to tell a binary file (buffer_is_binary in its xdiff-interface.c). */
const BINARY_PROBE_LENGTH = 8000;
const PIECE_LENGTH = 1024 * 1024;
/** Pieces between two chances for Ctrl-C to be heard. */
const PIECES_AT_ONCE = 256;

export interface Scanned {
  findings: Finding[];
  /** That were looked through. */
  files: number;
  /** Files that were left out because they are binary. */
  skipped: number;
  /** What could not be read, and why. */
  unreadable: { path: string; reason: string }[];
}

/**
 * Looks through `paths` and all below them. Symbolic links below them are not
 * followed. Binary files are left out unless `binary` is set.
 */
export async function scanFiles(
  paths: readonly string[],
  { binary }: { binary: boolean },
  io: Pick<ClientIo, "sleep" | "signal">,
): Promise<Scanned> {
  const scanned: Scanned = { findings: [], files: 0, skipped: 0, unreadable: [] };
  const buffer = new Uint8Array(PIECE_LENGTH);
  let pieces = 0;
  for (const path of paths) await scan(path, Deno.statSync);
  return scanned;

  async function scan(path: string, stat: (path: string) => Deno.FileInfo): Promise<void> {
    try {
      const { isFile, isDirectory } = stat(path);
      if (isFile) await scanFile(path);
      else if (isDirectory) await scanFolder(path);
    } catch (error) {
      io.signal.throwIfAborted();
      scanned.unreadable.push({ path, reason: reasonOf(error) });
    }
  }

  async function scanFolder(folder: string): Promise<void> {
    const entries = [...Deno.readDirSync(folder)]
      .sort((one, other) => one.name < other.name ? -1 : 1);
    for (const { name } of entries) {
      if (!CONTROL_FOLDERS.has(name)) await scan(join(folder, name), Deno.lstatSync);
    }
  }

  async function scanFile(path: string): Promise<void> {
    using file = Deno.openSync(path);
    scanned.files++;
    const tokens = new TokenStream();
    for (const piece of piecesOf(file)) {
      if (tokens.push(piece).length > 0) {
        // Lines are counted only where there is something to show: that is half of the work.
        file.seekSync(0, Deno.SeekMode.Start);
        scanned.findings.push(...await scanPieces(piecesOf(file), path));
        return;
      }
      if (++pieces % PIECES_AT_ONCE === 0) await io.sleep(0, io.signal);
    }
  }

  /** Read without waiting: for short files, the many, that is three times as fast. */
  function* piecesOf(file: Deno.FsFile): Generator<Uint8Array> {
    let length = file.readSync(buffer) ?? 0;
    const start = buffer.subarray(0, Math.min(length, BINARY_PROBE_LENGTH));
    const wide = wideEncoding(start);
    if (!binary && wide === undefined && start.includes(0)) {
      scanned.files--;
      scanned.skipped++;
      return;
    }
    const decoder = wide === undefined ? undefined : new TextDecoder(wide);
    for (; length > 0; length = file.readSync(buffer) ?? 0) {
      const bytes = buffer.subarray(0, length);
      yield decoder === undefined
        ? bytes
        : new TextEncoder().encode(decoder.decode(bytes, { stream: true }));
    }
  }
}

/** What Windows PowerShell's `>` writes: binary to git, text to people. */
function wideEncoding([first, second]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
