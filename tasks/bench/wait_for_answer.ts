/** Starts servers that do not say when they are ready. */
import type { Program } from "./program.ts";

const INTERVAL_MS = 20;
/** A server that starts may accept a connection and answer nothing. */
const ANSWER_MS = 5000;

export interface ServerCommand {
  program: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  port: number;
  /** Answers once the server is ready. */
  url: string;
  /** Longest wait. */
  seconds: number;
  /** Where its output goes, for the message if it fails. */
  log: string;
  /** The server, if the program is a script that starts it and does not pass signals on. */
  serverPid?(scriptPid: number): Promise<number>;
}

/** Throws with the end of the output if it exits or does not answer. */
export async function startServer(command: ServerCommand): Promise<Omit<Program, "said">> {
  const start = performance.now();
  const log = await Deno.open(command.log, { create: true, write: true, truncate: true });
  const child = new Deno.Command(command.program, {
    args: command.args,
    cwd: command.cwd,
    env: command.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const drained = Promise.all(
    [child.stdout, child.stderr].map((stream) =>
      // Both write to one file, which takes one asynchronous write at a time.
      stream.pipeTo(new WritableStream({ write: (bytes) => void log.writeSync(bytes) }))
    ),
  );
  let hasExited = false;
  const exited = child.status.then(() => hasExited = true);
  const serverPid = async () => await command.serverPid?.(child.pid) ?? child.pid;
  const stop = async () => {
    if (!hasExited) Deno.kill(await serverPid(), "SIGTERM");
    await exited;
    await drained;
    log.close();
  };
  while (!hasExited && performance.now() - start < command.seconds * 1000) {
    const response = await fetch(command.url, { signal: AbortSignal.timeout(ANSWER_MS) })
      .catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) {
      const startMs = performance.now() - start;
      return { port: command.port, pid: await serverPid(), startMs, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
  await stop();
  const lines = (await Deno.readTextFile(command.log)).trim().split("\n");
  throw new Error(`${command.program} does not answer: ${lines.at(-1)}`);
}
