/** One file of an archive of a release, in pieces: it may be larger than memory should hold. */
import { ClientError } from "../errors.ts";

const BLOCK = 512;
const CENTRAL_ENTRY = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const DEFLATE = 8;

/** More than a whole release unpacks to: an archive can unpack to a thousand times its size. */
const MAX_UNPACKED_BYTES = 1_000_000_000;

/**
 * The file at `path` in a .zip or .tar.gz, by the name of the archive. Throws ClientError, also if
 * more than `maxBytes` would have to be unpacked for it: a .tar.gz has no directory.
 */
export async function* unpackFile(
  archive: { name: string; content: Uint8Array<ArrayBuffer> },
  path: string,
  maxBytes = MAX_UNPACKED_BYTES,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const unpack = archive.name.endsWith(".zip") ? unzipFile : untarFile;
  let isFound: boolean;
  try {
    isFound = yield* unpack(archive.content, path, maxBytes);
  } catch (error) {
    throw invalid(`${archive.name} is damaged (${error instanceof Error ? error.message : error})`);
  }
  if (!isFound) throw invalid(`${archive.name} does not contain ${path}`);
}

function invalid(problem: string): ClientError {
  return new ClientError("invalid_release", `${problem}. Nothing was changed.`);
}

type Pieces<Result> = AsyncGenerator<Uint8Array<ArrayBuffer>, Result>;

async function* inflate(
  content: Uint8Array<ArrayBuffer>,
  format: CompressionFormat,
  maxBytes: number,
): Pieces<void> {
  const inflated = new Blob([content]).stream().pipeThrough(new DecompressionStream(format));
  let size = 0;
  for await (const piece of inflated) {
    size += piece.length;
    if (size > maxBytes) throw new Error(`it has more than ${Math.round(maxBytes / 1e6)} MB`);
    yield piece;
  }
}

/** POSIX ustar. */
async function* untarFile(
  content: Uint8Array<ArrayBuffer>,
  path: string,
  maxBytes: number,
): Pieces<boolean> {
  const pieces = inflate(content, "gzip", maxBytes);
  try {
    return yield* untarPieces(pieces, path);
  } finally {
    // What follows the file is not unpacked.
    await pieces.return();
  }
}

async function* untarPieces(pieces: Pieces<void>, path: string): Pieces<boolean> {
  const reader = pieceReader(pieces);
  for (;;) {
    const header = await reader.exactly(BLOCK);
    if (header[0] === 0) return false;
    const text = (start: number, length: number) =>
      new TextDecoder().decode(header.subarray(start, start + length)).replace(/\0.*$/s, "");
    const prefix = text(345, 155);
    const size = Number.parseInt(text(124, 12).trim(), 8);
    if (!Number.isSafeInteger(size) || size < 0) throw new Error("invalid size");
    const isWanted = /^[0\0]?$/.test(String.fromCharCode(header[156])) &&
      (prefix === "" ? "" : `${prefix}/`) + text(0, 100) === path;
    for (let left = size; left > 0;) {
      const piece = await reader.upTo(left);
      left -= piece.length;
      if (isWanted) yield piece;
    }
    if (isWanted) return true;
    await reader.exactly((BLOCK - size % BLOCK) % BLOCK);
  }
}

function pieceReader(pieces: Pieces<void>) {
  let rest = new Uint8Array();
  const upTo = async (max: number): Promise<Uint8Array<ArrayBuffer>> => {
    while (rest.length === 0) {
      const { done, value } = await pieces.next();
      if (done) throw new Error("unexpected end");
      rest = value;
    }
    const piece = rest.subarray(0, max);
    rest = rest.subarray(max);
    return piece;
  };
  const exactly = async (size: number): Promise<Uint8Array<ArrayBuffer>> => {
    const whole = new Uint8Array(size);
    for (let filled = 0; filled < size;) {
      const piece = await upTo(size - filled);
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  };
  return { upTo, exactly };
}

/** PKWARE's APPNOTE.TXT, 4.3, by the central directory. */
async function* unzipFile(
  content: Uint8Array<ArrayBuffer>,
  path: string,
  maxBytes: number,
): Pieces<boolean> {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const u16 = (offset: number) => view.getUint16(offset, true);
  const u32 = (offset: number) => view.getUint32(offset, true);
  const end = content.length - 22;
  if (end < 0 || u32(end) !== END_OF_DIRECTORY) throw new Error("no directory");
  let entry = u32(end + 16);
  for (let count = u16(end + 10); count > 0; count--) {
    if (u32(entry) !== CENTRAL_ENTRY) throw new Error("invalid directory");
    const nameLength = u16(entry + 28);
    const name = new TextDecoder().decode(content.subarray(entry + 46, entry + 46 + nameLength));
    if (name === path) {
      if (u16(entry + 10) !== DEFLATE) throw new Error("unknown compression");
      const local = u32(entry + 42);
      const start = local + 30 + u16(local + 26) + u16(local + 28);
      const packed = content.subarray(start, start + u32(entry + 20));
      yield* inflate(packed, "deflate-raw", maxBytes);
      return true;
    }
    entry += 46 + nameLength + u16(entry + 30) + u16(entry + 32);
  }
  return false;
}
