/** Tokens in files and in folders of files. */
import { join } from "node:path";
import type { ClientIo } from "../io.ts";
import type { Finding } from "./finding.ts";
import { folderEntries } from "./folder_entries.ts";
import { abortablePieces } from "./abortable.ts";
import { untilAborted } from "../../shared/deadline.ts";
import { scanInput } from "./scan_input.ts";
import type { ScanProgress } from "./scan_progress.ts";
import { scanPieces } from "./scan_pieces.ts";
import { TokenStream } from "./token_stream.ts";
import { wideEncoding } from "./utf16.ts";
import { withoutZeros } from "./zero_filter.ts";

/** Folders of version control systems. */
const CONTROL_FOLDERS = new Set([".git", ".hg", ".jj", ".svn"]);
/** Git inspects this much to detect a binary file (buffer_is_binary in xdiff-interface.c). */
const BINARY_PROBE_LENGTH = 8000;
const PIECE_LENGTH = 1024 * 1024;
/** Pieces between two checks for Ctrl-C. */
const PIECES_AT_ONCE = 256;

export interface Unreadable {
  path: string;
  code: "not_found" | "permission_denied" | "read_failed";
  message: string;
}

export interface Scanned {
  findings: Finding[];
  files: number;
  /** Binary files that were skipped. */
  skipped: number;
  unreadable: Unreadable[];
}

/**
 * Scans `paths` and all files below them; `-` is standard input. Below `paths`, symbolic links are
 * not followed, and pipes and devices not opened, because they could block. Binary files are
 * skipped unless `binary` is set.
 */
export async function scanFiles(
  paths: readonly string[],
  { binary, progress }: { binary: boolean; progress: Pick<ScanProgress, "add"> },
  io: Pick<ClientIo, "sleep" | "signal" | "stdinBytes">,
): Promise<Scanned> {
  const scanned: Scanned = { findings: [], files: 0, skipped: 0, unreadable: [] };
  const buffer = new Uint8Array(PIECE_LENGTH);
  let pieces = 0;
  for (const path of paths) await scanNamed(path);
  return scanned;

  async function scanNamed(path: string): Promise<void> {
    await collectErrors(path, async () => {
      if (path === "-") return await scanStdin();
      const { isFile, isDirectory } = Deno.statSync(path);
      if (isFile) await scanFile(path, path);
      else if (isDirectory) await scanFolder(path, path);
      else await scanPipe(path);
    });
  }

  /** Records what cannot be read, and continues. */
  async function collectErrors(displayPath: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      io.signal.throwIfAborted();
      scanned.unreadable.push({ path: displayPath, ...reasonOf(error) });
    }
  }

  /** Not by spreading: there may be more than the arguments of a call can be. */
  function add(findings: readonly Finding[]): void {
    for (const finding of findings) scanned.findings.push(finding);
  }

  /** `displayPath` is the path for messages, which may differ from `path`. */
  async function scanFolder(path: string, displayPath: string): Promise<void> {
    for (const entry of folderEntries(path)) {
      const { name, path: inside, followed } = entry;
      try {
        if (CONTROL_FOLDERS.has(name)) continue;
        const innerDisplayPath = join(displayPath, name);
        await collectErrors(innerDisplayPath, async () => {
          if (inside === undefined) throw new Error("its name cannot be used to open it");
          const { isFile, isDirectory } = followed ? Deno.statSync(inside) : Deno.lstatSync(inside);
          if (isFile) await scanFile(inside, innerDisplayPath);
          else if (isDirectory) await scanFolder(inside, innerDisplayPath);
        });
      } finally {
        entry.close();
      }
    }
  }

  async function scanStdin(): Promise<void> {
    const pieces = counted(abortablePieces(io.stdinBytes(), io.signal));
    const { findings, skipped } = await scanInput(pieces, "(stdin)");
    add(findings);
    scanned.files++;
    scanned.skipped += skipped;
  }

  /** `<(command)`, /dev/stdin, a named pipe: read once, even if it is binary. */
  async function scanPipe(path: string): Promise<void> {
    add(await scanPieces(counted(piecesOfPipe(path)), path));
    scanned.files++;
  }

  async function* counted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      progress.add({ bytes: piece.length });
      yield piece;
    }
  }

  async function* piecesOfPipe(path: string): AsyncGenerator<Uint8Array> {
    // Opening a pipe waits for a writer.
    using file = await untilAborted(Deno.open(path), io.signal);
    for (;;) {
      const length = await untilAborted(file.read(buffer), io.signal);
      if (length === null) return;
      yield buffer.subarray(0, length);
    }
  }

  async function scanFile(path: string, displayPath: string): Promise<void> {
    using file = Deno.openSync(path);
    scanned.files++;
    progress.add({ files: 1 });
    const tokens = new TokenStream();
    for (const piece of piecesOf(file)) {
      progress.add({ bytes: piece.length });
      if (tokens.push(withoutZeros(piece)).length > 0) {
        // Lines are counted only in files with tokens, which saves half of the time.
        file.seekSync(0, Deno.SeekMode.Start);
        add(await scanPieces(piecesOf(file), displayPath));
        return;
      }
      if (++pieces % PIECES_AT_ONCE === 0) await io.sleep(0, io.signal);
    }
  }

  /** Reads synchronously, which is three times as fast for short files. */
  function* piecesOf(file: Deno.FsFile): Generator<Uint8Array> {
    let length = file.readSync(buffer) ?? 0;
    const start = buffer.subarray(0, Math.min(length, BINARY_PROBE_LENGTH));
    if (!binary && wideEncoding(start) === undefined && start.includes(0)) {
      scanned.files--;
      scanned.skipped++;
      return;
    }
    for (; length > 0; length = file.readSync(buffer) ?? 0) yield buffer.subarray(0, length);
  }
}

function reasonOf(error: unknown): Pick<Unreadable, "code" | "message"> {
  if (error instanceof Deno.errors.NotFound) {
    return { code: "not_found", message: "no such file or folder" };
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return { code: "permission_denied", message: "permission denied" };
  }
  return { code: "read_failed", message: error instanceof Error ? error.message : String(error) };
}
