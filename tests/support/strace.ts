/** strace on a process of the program under test: to watch its system calls, or to kill it at one. Linux only. */
import { join } from "node:path";
import { withTimeout } from "../../shared/deadline.ts";
import { eventually } from "./eventually.ts";

const STOP_TIMEOUT_MS = 5000;

export interface Trace extends AsyncDisposable {
  /** The calls so far, one a line, oldest first, each with process id and time. */
  lines(): Promise<string[]>;
}

/**
 * Attaches to `pid` and all its threads; resolves when it is watched. `calls` is
 * strace's list, such as `fsync,fdatasync`. With `killAt` the process gets SIGKILL
 * on its way into the first of those calls.
 */
export async function attachStrace(
  pid: number,
  calls: string,
  { killAt }: { killAt?: string } = {},
): Promise<Trace> {
  const folder = await Deno.makeTempDir({ prefix: "strace-" });
  const file = join(folder, "trace");
  const strace = new Deno.Command("strace", {
    args: [
      ...["-f", "-ttt", "-y", "-e", `trace=${calls}`, "-o", file],
      ...killAt === undefined ? [] : ["-e", `inject=${killAt}:signal=KILL`],
      ...["-p", String(pid)],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const reading = (async () => {
    for await (const text of strace.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  // A thread that ends while strace attaches to it leaves both waiting for each other: the process
  // stays a zombie, with its sockets open.
  const watch = killAt === undefined ? undefined : setInterval(() => {
    if (isZombie(pid)) kill(strace);
  }, 200);
  const stop = async () => {
    clearInterval(watch);
    try {
      strace.kill("SIGINT");
    } catch {
      // It has exited with the process that it traced.
    }
    await withTimeout(strace.status, STOP_TIMEOUT_MS).catch(() => kill(strace));
    await strace.status;
    await reading;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    // Said when each of its threads is.
    await eventually(`strace watches ${pid}`, () => /Process \d+ attached/.test(said));
  } catch (error) {
    await stop();
    throw new Error(`strace: ${said}`, { cause: error });
  }
  return {
    lines: async () => (await Deno.readTextFile(file)).split("\n").filter((line) => line !== ""),
    [Symbol.asyncDispose]: stop,
  };
}

/** The third field of /proc/PID/stat, after the name in parentheses (proc_pid_stat(5)). */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has exited.
  }
}
