/**
 * Lists a folder, including names that are not UTF-8. The runtime omits those or replaces their
 * bytes, and accepts no bytes as a path. On Linux, where file names are bytes, the C library is
 * called instead.
 */
import { join } from "node:path";

export interface Entry {
  name: string;
  /** For the runtime. Undefined: the name cannot be used to open it. */
  path: string | undefined;
  /** Whether `path` has to be followed: it is a link to the entry. */
  followed: boolean;
  /** After it, `path` is no longer valid. */
  close(): void;
}

/** The entries of the folder at `path`, sorted by name. The caller closes each of them. */
export function* folderEntries(path: string): Generator<Entry> {
  const listed = Deno.build.os === "linux" ? listByBytes(path) : undefined;
  yield* listed === undefined ? listByRuntime(path) : openEach(listed);
}

function* listByRuntime(path: string): Generator<Entry> {
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  for (const [index, name] of names.entries()) {
    // Names that differ only in replaced bytes: the second would open the first again.
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
  descriptor: number;
  libc: Libc;
  /** Zero-terminated. */
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

// fcntl(2) of Linux on x86-64 and aarch64.
const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const [O_DIRECTORY, O_NOFOLLOW] = Deno.build.arch === "aarch64"
  ? [0o40000, 0o100000]
  : [0o200000, 0o400000];
/** Offsets in `struct linux_dirent64` (getdents(2)): of its length, and of the name. */
const LENGTH_AT = 16;
const NAME_AT = 19;

const buffer = new Uint8Array(64 * 1024);

/** Undefined if the C library or the folder cannot be opened. */
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
      if (!isSelfOrParent(name)) names.push(name);
    }
  }
  return { path, descriptor, libc, names: names.sort(compareBytes) };
}

const DOT = ".".charCodeAt(0);

/** `.` or `..`, zero-terminated. */
function isSelfOrParent(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 2 || name.length === 3 && name[1] === DOT);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a[at] !== b[at]) return a[at] - b[at];
  }
  return a.length - b.length;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** ASCII as it is, every other byte as `\xHH`, which a shell accepts in `$'…'`. */
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
