/** The processes of a command, as Linux shows them below /proc. */
import type { IssuedSecrets } from "./issued_secrets.ts";

/** Whether the arguments and variables of processes can be read here. */
export const canReadProcesses = Deno.build.os === "linux";

/** A secret that a process of the command shows to other processes. */
export interface ExposedSecret {
  code: "secret_in_arguments" | "secret_in_environment";
  /** Of the process, with the secret removed. */
  program: string;
  kind: "refresh_token" | "access_token";
}

/**
 * Searches the processes below `pids`. Every user of the machine can read arguments. Variables are
 * private, but programs pass them on to whatever they start: only a refresh token is reported there.
 */
export function exposedSecrets(
  pids: Iterable<number>,
  secrets: IssuedSecrets,
): ExposedSecret[] {
  const exposed: ExposedSecret[] = [];
  for (const root of pids) {
    for (const pid of withDescendants(root)) {
      const args = read(`/proc/${pid}/cmdline`);
      const program = args.split("\0", 1)[0];
      for (const kind of secrets.kindsIn(args)) {
        exposed.push({ code: "secret_in_arguments", program, kind });
      }
      if (secrets.containsRefreshToken(read(`/proc/${pid}/environ`))) {
        exposed.push({ code: "secret_in_environment", program, kind: "refresh_token" });
      }
    }
  }
  return exposed;
}

/** A process and those that it started, as far as they have not been adopted by another. */
function withDescendants(root: number): number[] {
  const pids = [root];
  for (let index = 0; index < pids.length; index++) {
    const children = read(`/proc/${pids[index]}/task/${pids[index]}/children`);
    pids.push(...children.split(" ").filter(Boolean).map(Number));
  }
  return pids;
}

/** The file's text; empty if the process is gone. */
function read(path: string): string {
  try {
    return new TextDecoder().decode(Deno.readFileSync(path));
  } catch {
    return "";
  }
}

/** Kills a process and the group that it leads. */
export function killGroup(pid: number): void {
  for (const target of Deno.build.os === "windows" ? [pid] : [-pid, pid]) {
    try {
      Deno.kill(target, "SIGKILL");
    } catch {
      // It has exited.
    }
  }
}

/** Kills what the command left behind: processes whose home is below `folder`. */
export function killLeftovers(folder: string): void {
  if (!canReadProcesses) return;
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    if (
      read(`/proc/${pid}/environ`).split("\0").some((line) => line.startsWith(`HOME=${folder}/`))
    ) {
      killGroup(pid);
    }
  }
}
