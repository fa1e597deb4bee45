/** A tar archive whose bytes depend only on the files' names, modes and content (POSIX ustar). */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { ArchiveFile } from "./archive_file.ts";

const BLOCK = 512;

export interface TarEntry {
  /** Ends with a slash for a folder. */
  name: string;
  content: Uint8Array;
  /** Permissions. */
  mode: number;
}

/** Entries come sorted by name, owned by root, with one time. */
export function tarGz(files: readonly ArchiveFile[], seconds: number): Uint8Array {
  const entries = files.map(({ name, content, executable }) => ({
    name,
    content,
    mode: executable ? 0o755 : 0o644,
  }));
  return gzip(tar(entries, seconds));
}

/** Entries are owned by root, with one time, in the order given. */
export function tar(entries: readonly TarEntry[], seconds: number): Uint8Array {
  const blocks = entries.flatMap((entry) => [
    header(entry, seconds),
    entry.content,
    new Uint8Array((BLOCK - entry.content.length % BLOCK) % BLOCK),
  ]);
  return Buffer.concat([...blocks, new Uint8Array(2 * BLOCK)]);
}

/** Without the time and the system of the build (RFC 1952, 2.3.1). */
export function gzip(bytes: Uint8Array): Uint8Array {
  const compressed = gzipSync(bytes, { level: 9 });
  // 255 is "unknown".
  compressed[9] = 255;
  return compressed;
}

function header({ name, content, mode }: TarEntry, seconds: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const split = splitName(name);
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), offset);
  block.write(split.name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(seconds, 136, 12);
  // The checksum is computed with spaces in its place.
  block.fill(" ", 148, 156);
  block.write(name.endsWith("/") ? "5" : "0", 156);
  block.write("ustar\x0000", 257, "latin1");
  block.write("root", 265);
  block.write("root", 297);
  block.write(split.prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\x00 `, 148, "latin1");
  return block;
}

/** ustar has 100 bytes for a name, and 155 for the folders before it. */
function splitName(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: "", name: path };
  const slash = path.lastIndexOf("/");
  const split = { prefix: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
  if (Buffer.byteLength(split.prefix) > 155 || Buffer.byteLength(split.name) > 100) {
    throw new Error(`${path} is too long for an archive`);
  }
  return split;
}
