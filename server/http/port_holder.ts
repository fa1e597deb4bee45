/** Which process listens on a port, for the error of the one that cannot. */
import { basename } from "node:path";

/** What is read of the machine; paths as on Linux. */
export interface ProcFiles {
  readText(path: string): string;
  readLink(path: string): string;
  list(path: string): string[];
}

/** /proc of this machine. */
export const procFiles: ProcFiles = {
  readText: (path) => Deno.readTextFileSync(path),
  readLink: (path) => Deno.readLinkSync(path),
  list: (path) => [...Deno.readDirSync(path)].map(({ name }) => name),
};

/** State of a listening socket in /proc/net/tcp (include/net/tcp_states.h). */
const TCP_LISTEN = "0A";

/**
 * The program and process that listen on `port`, such as `nginx, process 412`. Undefined where
 * that cannot be known: not on Linux, or the process belongs to another user.
 */
export function portHolder(port: number, files: ProcFiles): string | undefined {
  const sockets = listeningSockets(port, files);
  if (sockets.size === 0) return undefined;
  for (const process of attempt(() => files.list("/proc")) ?? []) {
    if (!/^\d+$/.test(process)) continue;
    // Processes end while we look, and those of other users are not readable.
    const descriptors = attempt(() => files.list(`/proc/${process}/fd`)) ?? [];
    const holds = descriptors.some((descriptor) =>
      sockets.has(attempt(() => files.readLink(`/proc/${process}/fd/${descriptor}`)) ?? "")
    );
    if (holds) return `${programName(process, files)}, process ${process}`;
  }
  return undefined;
}

/** As links in /proc/PID/fd name them. */
function listeningSockets(port: number, files: ProcFiles): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = new Set<string>();
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (attempt(() => files.readText(path)) ?? "").split("\n")) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === TCP_LISTEN && local.endsWith(`:${hexPort}`)) sockets.add(`socket:[${inode}]`);
    }
  }
  return sockets;
}

/** Only the name: arguments may contain secrets. */
function programName(process: string, files: ProcFiles): string {
  const program = attempt(() => files.readLink(`/proc/${process}/exe`));
  return program === undefined
    ? attempt(() => files.readText(`/proc/${process}/comm`).trim()) ?? "a program"
    : basename(program.replace(/ \(deleted\)$/, ""));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
