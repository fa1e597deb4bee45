/** Tokens in files and in folders of files. */
import { join } from "node:path";
import type { ClientIo } from "../io.ts";
import type { Finding } from "./finding.ts";
import { folderEntries } from "./folder_entries.ts";
import { interruptible, interruptiblePieces } from "./abortable.ts";
import { scanInput } from "./scan_input.ts";
import { scanPieces } from "./scan_pieces.ts";
import { TokenStream } from "./token_stream.ts";
import { wideEncoding } from "./utf16.ts";
import { withoutZeros } from "./zero_filter.ts";

/** Where version control keeps what is not a user's file. */
const CONTROL_FOLDERS = new Set([".git", ".hg", ".jj", ".svn"]);
/** What git looks at to tell a binary file (buffer_is_binary in its xdiff-interface.c). */
const BINARY_PROBE_LENGTH = 8000;
const PIECE_LENGTH = 1024 * 1024;
/** Pieces between two chances for Ctrl-C to be heard. */
const PIECES_AT_ONCE = 256;

export interface Unreadable {
  path: string;
  code: "not_found" | "permission_denied" | "read_failed";
  message: string;
}

export interface Scanned {
  findings: Finding[];
  /** That were looked through. */
  files: number;
  /** Files that were left out because they are binary. */
  skipped: number;
  /** What could not be read, and why. */
  unreadable: Unreadable[];
}

/**
 * Looks through `paths` and all below them; `-` is standard input. Below them,
 * symbolic links are not followed, and pipes and devices not opened: they could
 * keep us waiting. Binary files are left out unless `binary` is set.
 */
export async function scanFiles(
  paths: readonly string[],
  { binary }: { binary: boolean },
  io: Pick<ClientIo, "sleep" | "signal" | "stdinBytes">,
): Promise<Scanned> {
  const scanned: Scanned = { findings: [], files: 0, skipped: 0, unreadable: [] };
  const buffer = new Uint8Array(PIECE_LENGTH);
  let pieces = 0;
  for (const path of paths) await scanNamed(path);
  return scanned;

  async function scanNamed(path: string): Promise<void> {
    await reportingTrouble(path, async () => {
      if (path === "-") return await scanStdin();
      const { isFile, isDirectory } = Deno.statSync(path);
      if (isFile) await scanFile(path, path);
      else if (isDirectory) await scanFolder(path, path);
      else await scanPipe(path);
    });
  }

  /** What cannot be read is told, and the rest goes on. */
  async function reportingTrouble(shown: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      io.signal.throwIfAborted();
      scanned.unreadable.push({ path: shown, ...reasonOf(error) });
    }
  }

  /** One by one: there may be more than a call takes arguments. */
  function add(findings: readonly Finding[]): void {
    for (const finding of findings) scanned.findings.push(finding);
  }

  /** `shown` is the folder's path as people are told it, which may differ from `path`. */
  async function scanFolder(path: string, shown: string): Promise<void> {
    for (const entry of folderEntries(path)) {
      const { name, path: inside, followed } = entry;
      try {
        if (CONTROL_FOLDERS.has(name)) continue;
        const shownInside = join(shown, name);
        await reportingTrouble(shownInside, async () => {
          if (inside === undefined) throw new Error("its name cannot be used to open it");
          const { isFile, isDirectory } = followed ? Deno.statSync(inside) : Deno.lstatSync(inside);
          if (isFile) await scanFile(inside, shownInside);
          else if (isDirectory) await scanFolder(inside, shownInside);
        });
      } finally {
        entry.close();
      }
    }
  }

  async function scanStdin(): Promise<void> {
    const pieces = interruptiblePieces(io.stdinBytes(), io.signal);
    const { findings, skipped } = await scanInput(pieces, "(stdin)");
    add(findings);
    scanned.files++;
    scanned.skipped += skipped;
  }

  /** `<(command)`, /dev/stdin, a named pipe: read once, and binary or not, since it was named. */
  async function scanPipe(path: string): Promise<void> {
    add(await scanPieces(piecesOfPipe(path), path));
    scanned.files++;
  }

  async function* piecesOfPipe(path: string): AsyncGenerator<Uint8Array> {
    // Opening waits as well, for somebody to write.
    using file = await interruptible(Deno.open(path), io.signal);
    for (;;) {
      const length = await interruptible(file.read(buffer), io.signal);
      if (length === null) return;
      yield buffer.subarray(0, length);
    }
  }

  async function scanFile(path: string, shown: string): Promise<void> {
    using file = Deno.openSync(path);
    scanned.files++;
    const tokens = new TokenStream();
    for (const piece of piecesOf(file)) {
      if (tokens.push(withoutZeros(piece)).length > 0) {
        // Lines are counted only where there is something to show: that is half of the work.
        file.seekSync(0, Deno.SeekMode.Start);
        add(await scanPieces(piecesOf(file), shown));
        return;
      }
      if (++pieces % PIECES_AT_ONCE === 0) await io.sleep(0, io.signal);
    }
  }

  /** Read without waiting: for short files, the many, that is three times as fast. */
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
