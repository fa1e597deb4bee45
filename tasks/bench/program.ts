/** A server under load, in a process of its own. */

export interface Program {
  port: number;
  pid: number;
  startMs: number;
  /** What it said when it was ready. */
  said: RegExpExecArray;
  /** Lets it end in its own way. */
  stop(): Promise<void>;
}

/** Starts a server and waits until it has written `ready`. */
export async function startProgram(
  command: string,
  options: { args: string[]; cwd: string; port: number; ready: RegExp },
): Promise<Program> {
  const start = performance.now();
  const child = new Deno.Command(command, {
    args: options.args,
    cwd: options.cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${options.args.join(" ")} exited: ${text}`);
    text += value;
    if (options.ready.test(text)) break;
  }
  const startMs = performance.now() - start;
  const drained = (async () => {
    while (!(await reader.read()).done) { /* What it says later is of no interest. */ }
  })();
  return {
    port: options.port,
    pid: child.pid,
    startMs,
    said: options.ready.exec(text)!,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
      await drained;
    },
  };
}
