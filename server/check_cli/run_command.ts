import { killGroup } from "./process_tree.ts";

/** Of each stream: a token and its messages are much shorter. */
const MAX_OUTPUT = 256 * 1024;
/** How long to read on after a command exited: what it started may keep its output open. */
const AFTER_EXIT_MS = 1000;

export interface CommandRun {
  pid: number;
  /** Kills it and what it started. */
  kill(): void;
  result: Promise<RunResult>;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
  /** It took longer than the limit, and was killed. */
  hung: boolean;
  /** `kill` was called while it ran. */
  killed: boolean;
  durationMs: number;
  /** Why it could not be started. */
  notStarted?: string;
}

export interface RunOptions {
  env: Record<string, string>;
  cwd: string;
  limitMs: number;
}

/** Starts a program in a process group of its own. */
export function runCommand([program, ...args]: readonly string[], options: RunOptions): CommandRun {
  const { env, cwd, limitMs } = options;
  const startedAt = performance.now();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      cwd,
      env,
      clearEnv: true,
      detached: Deno.build.os !== "windows",
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    const notStarted = error instanceof Error ? error.message : String(error);
    const result = { code: 127, stdout: "", stderr: "", hung: false, killed: false, durationMs: 0 };
    return { pid: 0, kill() {}, result: Promise.resolve({ ...result, notStarted }) };
  }
  let [hung, killed] = [false, false];
  const timer = setTimeout(() => {
    hung = true;
    killGroup(child.pid);
  }, limitMs);
  const finish = async (): Promise<RunResult> => {
    const streams = [readSome(child.stdout), readSome(child.stderr)];
    const { code } = await child.status;
    clearTimeout(timer);
    const late = setTimeout(() => streams.forEach(({ stop }) => stop()), AFTER_EXIT_MS);
    const [stdout, stderr] = await Promise.all(streams.map(({ text }) => text));
    clearTimeout(late);
    return { code, stdout, stderr, hung, killed, durationMs: performance.now() - startedAt };
  };
  return {
    pid: child.pid,
    kill() {
      killed = true;
      killGroup(child.pid);
    },
    result: finish(),
  };
}

/** Reads a stream to its end, or until `stop`; keeps its beginning. */
function readSome(stream: ReadableStream<Uint8Array>): { text: Promise<string>; stop(): void } {
  const reader = stream.getReader();
  const read = async () => {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      if (text.length < MAX_OUTPUT) text += decoder.decode(value, { stream: true });
    }
  };
  return { text: read(), stop: () => void reader.cancel().catch(() => {}) };
}
