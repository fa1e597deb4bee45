/**
 * What is in a folder, names that are not UTF-8 included. The runtime's own listing
 * leaves those out or replaces their bytes, and its functions take no bytes as a path:
 * on Linux, whose file names are any bytes, the kernel is asked through the C library.
 */
import { join } from "node:path";

/** A file or folder: where it is, and how people are told. */
export interface Entry {
  name: string;
  /** To be given to the runtime. Undefined: it cannot be opened by its name. */
  path: string | undefined;
  /** Whether `path` leads to what a link points to, so that a link must not be asked for. */
  followed: boolean;
  /** Gives back what keeps `path` valid. */
  close(): void;
}

/** The entries of the folder at `path`, by name. Close each. Throws what the runtime throws. */
export function* folderEntries(path: string): Generator<Entry> {
  const listed = Deno.build.os === "linux" ? listByBytes(path) : undefined;
  yield* listed === undefined ? listByRuntime(path) : openEach(listed);
}

function* listByRuntime(path: string): Generator<Entry> {
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  for (const [index, name] of names.entries()) {
    // Two names that differ only in bytes that were replaced: the second would be the first again.
    const isAmbiguous = name === names[index - 1];
    yield {
      name,
      path: isAmbiguous ? undefined : join(path, name),
      followed: false,
      close() {},
    };
  }
}

interface Listing {
  path: string;
  /** Of the folder. */
  descriptor: number;
  libc: Libc;
  /** Each ends with a zero. */
  names: Uint8Array<ArrayBuffer>[];
}

function* openEach({ path, descriptor, libc, names }: Listing): Generator<Entry> {
  try {
    for (const bytes of names) {
      const name = utf8(bytes.subarray(0, -1));
      if (name !== undefined) {
        yield { name, path: join(path, name), followed: false, close() {} };
        continue;
      }
      const opened = libc.openat(descriptor, bytes, O_PATH | O_NOFOLLOW | O_CLOEXEC);
      yield {
        name: withEscapes(bytes.subarray(0, -1)),
        path: opened < 0 ? undefined : `/proc/self/fd/${opened}`,
        followed: true,
        close: () => void (opened < 0 || libc.close(opened)),
      };
    }
  } finally {
    libc.close(descriptor);
  }
}

// fcntl(2), as Linux has them on x86-64 and aarch64.
const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const [O_DIRECTORY, O_NOFOLLOW] = Deno.build.arch === "aarch64"
  ? [0o40000, 0o100000]
  : [0o200000, 0o400000];
/** Of `struct linux_dirent64` (getdents(2)): its length, and where the name begins. */
const LENGTH_AT = 16;
const NAME_AT = 19;

const buffer = new Uint8Array(64 * 1024);

/** Undefined where the C library or the folder cannot be asked. */
function listByBytes(path: string): Listing | undefined {
  const libc = openLibc();
  if (libc === undefined) return undefined;
  const at = new TextEncoder().encode(`${path}\0`);
  const descriptor = libc.openat(AT_FDCWD, at, O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return undefined;
  const names: Listing["names"] = [];
  const view = new DataView(buffer.buffer);
  for (;;) {
    const length = Number(libc.getdents64(descriptor, buffer, BigInt(buffer.length)));
    if (length < 0) {
      libc.close(descriptor);
      return undefined;
    }
    if (length === 0) break;
    for (let start = 0; start < length; start += view.getUint16(start + LENGTH_AT, true)) {
      const name = buffer.slice(start + NAME_AT, buffer.indexOf(0, start + NAME_AT) + 1);
      if (!isItselfOrAbove(name)) names.push(name);
    }
  }
  return { path, descriptor, libc, names: names.sort(compareBytes) };
}

const DOT = ".".charCodeAt(0);

/** `.` or `..`, each with the zero that ends it. */
function isItselfOrAbove(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 2 || name.length === 3 && name[1] === DOT);
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    if (one[at] !== other[at]) return one[at] - other[at];
  }
  return one.length - other.length;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** ASCII as it is, every other byte as `\xHH`: so a shell takes it, in `$'…'`. */
function withEscapes(bytes: Uint8Array): string {
  return Array.from(
    bytes,
    (byte) =>
      byte < 0x20 || byte > 0x7e || byte === "\\".charCodeAt(0)
        ? `\\x${byte.toString(16).padStart(2, "0")}`
        : String.fromCharCode(byte),
  ).join("");
}

type Libc = ReturnType<typeof loadLibc>;

function loadLibc() {
  return Deno.dlopen("libc.so.6", {
    openat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
    // glibc 2.30 (2019) and later.
    getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  }).symbols;
}

let libc: Libc | null | undefined;

function openLibc(): Libc | undefined {
  try {
    libc ??= libc === null ? null : loadLibc();
  } catch {
    libc = null;
  }
  return libc ?? undefined;
}
