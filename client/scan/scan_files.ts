/** Tokens in files and in folders of files. */
import { join } from "node:path";
import type { ClientIo } from "../client_io.ts";
import type { Finding } from "./finding.ts";
import { interruptible, interruptiblePieces } from "./interruptible.ts";
import { scanInput } from "./scan_input.ts";
import { scanPieces } from "./scan_pieces.ts";
import { TokenStream } from "./token_stream.ts";
import { asUtf8, wideEncoding } from "./wide_text.ts";

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
  for (const path of paths) await scan(path, { named: true });
  return scanned;

  async function scan(path: string, { named }: { named: boolean }): Promise<void> {
    try {
      if (named && path === "-") return await scanStdin();
      const { isFile, isDirectory } = named ? Deno.statSync(path) : Deno.lstatSync(path);
      if (isFile) await scanFile(path);
      else if (isDirectory) await scanFolder(path);
      else if (named) await scanPipe(path);
    } catch (error) {
      io.signal.throwIfAborted();
      scanned.unreadable.push({ path, reason: reasonOf(error) });
    }
  }

  /** One by one: there may be more than a call takes arguments. */
  function add(findings: readonly Finding[]): void {
    for (const finding of findings) scanned.findings.push(finding);
  }

  async function scanFolder(folder: string): Promise<void> {
    const entries = [...Deno.readDirSync(folder)]
      .sort((one, other) => one.name < other.name ? -1 : 1);
    for (const { name } of entries) {
      if (!CONTROL_FOLDERS.has(name)) await scan(join(folder, name), { named: false });
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
    add(await scanPieces(asUtf8(piecesOfPipe(path)), path));
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

  async function scanFile(path: string): Promise<void> {
    using file = Deno.openSync(path);
    scanned.files++;
    const tokens = new TokenStream();
    for (const piece of piecesOf(file)) {
      if (tokens.push(piece).length > 0) {
        // Lines are counted only where there is something to show: that is half of the work.
        file.seekSync(0, Deno.SeekMode.Start);
        add(await scanPieces(piecesOf(file), path));
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

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
