/**
 * The connections that a listener of this process has accepted, and a way to close one. Deno.serve
 * has neither, nor time limits (denoland/deno issue 3515), so this calls the C library. Linux with
 * glibc.
 */
import { parseIpAddress } from "./ip_address.ts";

export interface OpenConnection {
  descriptor: number;
  /** The peer's address, as `parseIpAddress` returns it. */
  address: string;
  port: number;
}

export interface OpenConnections {
  /** How many files, including connections, this process may have open. */
  fileLimit: number;
  /** Those accepted at `port`. Use them synchronously: descriptors are reused. */
  list(port: number): OpenConnection[];
  /** Shuts a connection down in both directions; the server then closes it. */
  close(connection: OpenConnection): void;
  /** The descriptors of the sockets of this process that listen at `port`. */
  listening(port: number): number[];
  /** Lets other sockets of this user listen at the same port (SO_REUSEPORT of socket(7)). */
  share(descriptor: number): boolean;
  /**
   * Of the sockets that share the port of `descriptor`, the one with this index, in the order in
   * which they were opened, gets all new connections.
   */
  steer(descriptor: number, index: number): boolean;
}

/** Of socket(7) and shutdown(2). */
const AF_INET = 2;
const AF_INET6 = 10;
const SHUT_RDWR = 2;

/** Enough for a `struct sockaddr_in6`. */
const SOCKADDR_LENGTH = 128;

/** Of socket(7). */
const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const SO_ACCEPTCONN = 30;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** Of linux/bpf_common.h: return a constant. */
const BPF_RET = 0x06;

/** Of getrlimit(2). */
const RLIMIT_NOFILE = 7;

const OWN_DESCRIPTORS = new TextEncoder().encode("/proc/self/fd\0");
/** O_RDONLY and O_CLOEXEC of open(2). */
const O_RDONLY_CLOEXEC = 0o2000000;
/** Of `struct linux_dirent64` (getdents(2)): its length, and where the name begins. */
const RECORD_LENGTH_AT = 16;
const NAME_AT = 19;

/** Undefined if the C library cannot be called. */
export function openConnections(): OpenConnections | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      open: { parameters: ["buffer", "i32"], result: "i32" },
      // glibc 2.30 (2019) and later.
      getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
      close: { parameters: ["i32"], result: "i32" },
      getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
      getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
      getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
      shutdown: { parameters: ["i32", "i32"], result: "i32" },
      getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
      setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    });
    const entries = new Uint8Array(64 * 1024);
    const view = new DataView(entries.buffer);
    /** Much faster than Deno.readDirSync, and there may be thousands. */
    const descriptors = function* () {
      const folder = symbols.open(OWN_DESCRIPTORS, O_RDONLY_CLOEXEC);
      if (folder < 0) return;
      for (;;) {
        const length = Number(symbols.getdents64(folder, entries, BigInt(entries.length)));
        if (length <= 0) break;
        for (let at = 0; at < length; at += view.getUint16(at + RECORD_LENGTH_AT, true)) {
          const descriptor = numberAt(entries, at + NAME_AT);
          if (descriptor !== undefined) yield descriptor;
        }
      }
      symbols.close(folder);
    };
    const address = new Uint8Array(SOCKADDR_LENGTH);
    const length = new Uint32Array(1);
    const read = (name: "getsockname" | "getpeername", descriptor: number) => {
      length[0] = SOCKADDR_LENGTH;
      return symbols[name](descriptor, address, length) === 0 ? endpoint(address) : undefined;
    };
    const rlimit = new BigUint64Array(2);
    const isLimited = symbols.getrlimit(RLIMIT_NOFILE, rlimit) === 0;
    return {
      fileLimit: isLimited ? Number(rlimit[0]) : Infinity,
      list(port) {
        const connections: OpenConnection[] = [];
        for (const descriptor of descriptors()) {
          if (read("getsockname", descriptor)?.port !== port) continue;
          // The listener itself has no peer.
          const peer = read("getpeername", descriptor);
          if (peer !== undefined) connections.push({ descriptor, ...peer });
        }
        return connections;
      },
      close({ descriptor }) {
        symbols.shutdown(descriptor, SHUT_RDWR);
      },
      listening(port) {
        const value = new Int32Array(1);
        return [...descriptors()].filter((descriptor) => {
          if (read("getsockname", descriptor)?.port !== port) return false;
          length[0] = value.byteLength;
          return symbols.getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, value, length) === 0 &&
            value[0] === 1;
        });
      },
      share(descriptor) {
        const value = new Int32Array([1]);
        return symbols.setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, value, 4) === 0;
      },
      steer(descriptor, index) {
        const program = steeringProgram(index);
        const { byteLength } = program;
        const option = SO_ATTACH_REUSEPORT_CBPF;
        return symbols.setsockopt(descriptor, SOL_SOCKET, option, program, byteLength) === 0;
      },
    };
  } catch {
    return undefined;
  }
}

/** Kept: the program refers to it by its address. */
const instruction = new Uint8Array(8);

/** A `struct sock_fprog` of one instruction, which returns the index of a socket. */
function steeringProgram(index: number): Uint8Array<ArrayBuffer> {
  const filter = new DataView(instruction.buffer);
  filter.setUint16(0, BPF_RET, true);
  filter.setUint32(4, index, true);
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, 1, true);
  program.setBigUint64(8, Deno.UnsafePointer.value(Deno.UnsafePointer.of(instruction)), true);
  return new Uint8Array(program.buffer);
}

/** Parses a null-terminated decimal number; undefined if it is not one. */
function numberAt(bytes: Uint8Array, at: number): number | undefined {
  let number = 0;
  for (; bytes[at] !== 0; at++) {
    const digit = bytes[at] - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = 10 * number + digit;
  }
  return number;
}

/** Reads a `struct sockaddr_in` or `sockaddr_in6`; undefined for other families. */
function endpoint(bytes: Uint8Array): { address: string; port: number } | undefined {
  const family = bytes[0] | bytes[1] << 8;
  const port = bytes[2] << 8 | bytes[3];
  if (family === AF_INET) return { address: bytes.subarray(4, 8).join("."), port };
  if (family !== AF_INET6) return undefined;
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bytes[8 + 2 * index] << 8 | bytes[9 + 2 * index]).toString(16),
  );
  return { address: parseIpAddress(groups.join(":"))!, port };
}
