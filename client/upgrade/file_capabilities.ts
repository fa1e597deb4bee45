/**
 * Capabilities of a program's file, as `setcap` sets them (capabilities(7)). Linux stores them with
 * the file, not with its name, and clears them when the file is written or gets another owner.
 */
import { shellWord } from "../../shared/shell_word.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";

const ATTRIBUTE = text("security.capability");

/** More than the 24 bytes of the newest revision, `struct vfs_ns_cap_data`. */
const MAX_BYTES = 64;

/**
 * Gives the file `to` the capabilities of `from`, neither of them through a symbolic link. Throws
 * ClientError if the system does not allow that, which it does for root: a program that may no
 * longer open its port would be found out at the next restart.
 */
export function copyCapabilities(
  from: string,
  to: string,
  { platform }: Pick<ClientIo, "platform">,
): void {
  if (platform.os !== "linux") return;
  const libc = openLibc();
  if (libc === undefined) return;
  try {
    const capabilities = read(from, libc);
    if (capabilities === undefined || isEqual(capabilities, read(to, libc))) return;
    const { byteLength } = capabilities;
    if (libc.symbols.lsetxattr(text(to), ATTRIBUTE, capabilities, BigInt(byteLength), 0) === 0) {
      return;
    }
  } finally {
    libc.close();
  }
  throw new ClientError(
    "program_not_replaceable",
    `${from} has capabilities, which getcap shows and only root can give to another program. ` +
      `Nothing was changed. Run the same as root: sudo ${shellWord(from)} upgrade`,
  );
}

type Libc = NonNullable<ReturnType<typeof openLibc>>;

/** Undefined without the C library that our programs are linked to. */
function openLibc() {
  try {
    return Deno.dlopen("libc.so.6", {
      lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
      lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
    });
  } catch {
    return undefined;
  }
}

/** Undefined if the file has none, or if the file system does not know of them. */
function read(path: string, { symbols }: Libc): Uint8Array<ArrayBuffer> | undefined {
  const value = new Uint8Array(MAX_BYTES);
  const size = Number(symbols.lgetxattr(text(path), ATTRIBUTE, value, BigInt(MAX_BYTES)));
  return size > 0 ? value.slice(0, size) : undefined;
}

function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, index) => byte === b[index]);
}

/** As C has it. */
function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${value}\0`);
}
