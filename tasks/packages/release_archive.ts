/** The files of an archive that `deno task release` has written. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";
import type { ArchiveFile } from "../release/archive_file.ts";
import type { Archive } from "./description.ts";

/**
 * With names below the archive's folder; undefined if the folder of the release does not have the
 * archive. Throws if it has not the checksum that the release says.
 */
export async function readReleaseArchive(
  release: string,
  { name, sha256 }: Archive,
): Promise<ArchiveFile[] | undefined> {
  const bytes = await Deno.readFile(join(release, name)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw new Error(`${join(release, name)} does not have the checksum in SHA256SUMS.`);
  }
  const files = name.endsWith(".zip") ? unzip(bytes) : untar(gunzipSync(bytes));
  return files.map((file) => ({ ...file, name: file.name.slice(file.name.indexOf("/") + 1) }));
}

const BLOCK = 512;

/** Reads what tasks/release/tar.ts writes. */
export function untar(bytes: Uint8Array): ArchiveFile[] {
  const tar = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const files: ArchiveFile[] = [];
  for (let offset = 0; tar[offset] !== 0;) {
    const text = (start: number, length: number) =>
      tar.toString("utf8", offset + start, offset + start + length).split("\0")[0];
    const size = parseInt(text(124, 12), 8);
    const [prefix, name] = [text(345, 155), text(0, 100)];
    const start = offset + BLOCK;
    files.push({
      name: prefix === "" ? name : `${prefix}/${name}`,
      content: tar.subarray(start, start + size),
      executable: (parseInt(text(100, 8), 8) & 0o100) !== 0,
    });
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** Reads what tasks/release/zip.ts writes, whose last record has no comment. */
export function unzip(bytes: Uint8Array): ArchiveFile[] {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = zip.length - 22;
  if (zip.toString("latin1", end, end + 4) !== "PK\x05\x06") throw new Error("The zip is cut.");
  const files: ArchiveFile[] = [];
  let offset = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    const nameLength = zip.readUInt16LE(offset + 28);
    const name = zip.toString("utf8", offset + 46, offset + 46 + nameLength);
    const data = zip.readUInt32LE(offset + 42) + 30 + nameLength;
    files.push({
      name,
      content: inflateRawSync(zip.subarray(data, data + zip.readUInt32LE(offset + 20))),
      executable: (zip.readUInt16LE(offset + 40) & 0o100) !== 0,
    });
    offset += 46 + nameLength;
  }
  return files;
}
