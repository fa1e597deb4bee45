/**
 * The header structure of RPM packages: an index of tags, and their values.
 * https://rpm-software-management.github.io/rpm/manual/format_header.html
 */
import { Buffer } from "node:buffer";

/** By type; numbers are big-endian. */
export type RpmValue =
  | { int16: readonly number[] }
  | { int32: readonly number[] }
  | { string: string }
  | { strings: readonly string[] }
  /** One text, of the only locale. */
  | { translated: string }
  | { binary: Uint8Array };

export interface RpmTag {
  tag: number;
  value: RpmValue;
}

interface Encoded {
  type: number;
  count: number;
  bytes: Uint8Array;
  alignment: number;
}

const MAGIC = Buffer.from([0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]);
const INDEX_ENTRY = 16;
const BINARY_TYPE = 7;

/** `region` is the tag that says that signatures cover all of it. */
export function rpmHeader(tags: readonly RpmTag[], region: number): Uint8Array {
  const index: Uint8Array[] = [];
  const store: Uint8Array[] = [];
  let size = 0;
  for (const { tag, value } of tags.toSorted((a, b) => a.tag - b.tag)) {
    const { type, count, bytes, alignment } = encode(value);
    const gap = (alignment - size % alignment) % alignment;
    index.push(uint32(tag, type, size + gap, count));
    store.push(new Uint8Array(gap), bytes);
    size += gap + bytes.length;
  }
  // The value of the region is an index entry, with the length of the index as negative offset.
  const entries = index.length + 1;
  index.unshift(uint32(region, BINARY_TYPE, size, INDEX_ENTRY));
  store.push(uint32(region, BINARY_TYPE, -entries * INDEX_ENTRY, INDEX_ENTRY));
  size += INDEX_ENTRY;
  return Buffer.concat([MAGIC, uint32(entries, size), ...index, ...store]);
}

function encode(value: RpmValue): Encoded {
  const text = (texts: readonly string[]) => Buffer.from(texts.map((text) => `${text}\0`).join(""));
  if ("int16" in value) {
    const bytes = Buffer.alloc(2 * value.int16.length);
    value.int16.forEach((number, position) => bytes.writeUInt16BE(number, 2 * position));
    return { type: 3, count: value.int16.length, bytes, alignment: 2 };
  }
  if ("int32" in value) {
    return { type: 4, count: value.int32.length, bytes: uint32(...value.int32), alignment: 4 };
  }
  if ("string" in value) return { type: 6, count: 1, bytes: text([value.string]), alignment: 1 };
  if ("strings" in value) {
    return { type: 8, count: value.strings.length, bytes: text(value.strings), alignment: 1 };
  }
  if ("translated" in value) {
    return { type: 9, count: 1, bytes: text([value.translated]), alignment: 1 };
  }
  return { type: BINARY_TYPE, count: value.binary.length, bytes: value.binary, alignment: 1 };
}

function uint32(...numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, position) => bytes.writeUInt32BE(number >>> 0, 4 * position));
  return bytes;
}
