/** A process of `serve --workers`, as its parent sees it. */

export interface WorkerExit {
  code: number;
  signal: string | null;
}

export interface WorkerProcess {
  stdout: ReadableStream<Uint8Array>;
  stderr: ReadableStream<Uint8Array>;
  exit: Promise<WorkerExit>;
  kill(signal: "SIGTERM" | "SIGHUP" | "SIGKILL"): void;
}

/** Starts a further process of this program with the same arguments, and `env` besides. */
export type StartWorker = (env: Record<string, string>) => WorkerProcess;

/**
 * Starts this program again. Its standard input stays open as long as this process runs, which is
 * how it notices that this process was killed.
 */
export function startWorkerProcess(env: Record<string, string>): WorkerProcess {
  // From sources, the program is Deno.
  const source = Deno.build.standalone
    ? []
    : ["run", "--quiet", "--allow-all", "--unstable-net", Deno.mainModule];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...source, ...Deno.args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    exit: child.status,
    kill(signal) {
      try {
        child.kill(signal);
      } catch {
        // It has exited already.
      }
    },
  };
}
