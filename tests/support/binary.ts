/**
 * The compiled program, run as users run it: a process of its own, an environment
 * with nothing in it but what the test gives, output captured, killed when the
 * test is over.
 */
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";

/** Names the program to drive; set by the test task, which compiles it. */
export const BINARY_VARIABLE = "TEST_BINARY";

export interface RunOptions {
  /** All of the environment but PATH (and what Windows cannot do without). */
  env?: Record<string, string>;
  /** Written to standard input, which is then closed. */
  stdin?: string;
  cwd?: string;
  /** The program is killed, and the run fails, after this long. */
  timeoutMs?: number;
}

export interface Ended {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

export interface Running extends AsyncDisposable {
  pid: number;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Waits for `pattern` in standard output and error; throws with both if it ends or time runs out. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  write(text: string): Promise<void>;
  closeStdin(): Promise<void>;
  kill(signal?: Deno.Signal): void;
  ended: Promise<Ended>;
}

/** The compiled program's path. Throws with the command that makes it if it is not there. */
export function binaryPath(): string {
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const path = Deno.env.get(BINARY_VARIABLE) ??
    fileURLToPath(new URL(`../../dist/${brand.binaryName}${suffix}`, import.meta.url));
  try {
    if (Deno.statSync(path).isFile) return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new Error(`${path} is not there. Run: deno task test, which compiles it first`);
}

/** How long to wait for a program that hangs: minutes, so that a busy machine is not taken for one. */
const PATIENCE_MS = 120_000;

/** Runs the compiled program until it exits: by default without input. */
export async function run(
  args: readonly string[],
  options: RunOptions = {},
  program?: string,
): Promise<Ended> {
  await using running = start(args, { stdin: "", timeoutMs: PATIENCE_MS, ...options }, program);
  return await running.ended;
}

/** Starts the compiled program, or another one by its path; its input stays open unless given. */
export function start(
  args: readonly string[],
  options: RunOptions = {},
  program: string = binaryPath(),
): Running {
  const child = new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { ...inherited(), ...options.env },
    cwd: options.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const waiting = new Set<() => void>();
  const texts = { stdout: "", stderr: "" };
  const read = async (name: "stdout" | "stderr") => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) {
      texts[name] += text;
      for (const look of waiting) look();
    }
  };
  const kill = (signal: Deno.Signal = "SIGTERM") => {
    try {
      child.kill(signal);
    } catch {
      // It has exited already.
    }
  };
  const closeStdin = () => stdin.close().catch(() => {});
  if (options.stdin !== undefined) {
    stdin.write(new TextEncoder().encode(options.stdin)).catch(() => {}).then(closeStdin);
  }
  let overdue = false;
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    overdue = true;
    kill("SIGKILL");
  }, options.timeoutMs);
  let over = false;
  const finish = async (): Promise<Ended> => {
    const [status] = await Promise.all([child.status, read("stdout"), read("stderr")]);
    clearTimeout(timer);
    over = true;
    for (const look of waiting) look();
    await closeStdin();
    const ended = { code: status.code, signal: status.signal, ...texts };
    if (overdue) throw new Error(`killed after ${options.timeoutMs} ms\n${told(ended)}`);
    return ended;
  };
  const ended = finish();
  ended.catch(() => {});
  return {
    pid: child.pid,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    kill,
    closeStdin,
    ended,
    async write(text) {
      await stdin.write(new TextEncoder().encode(text));
    },
    waitFor(pattern, timeoutMs = PATIENCE_MS) {
      return new Promise((resolve, reject) => {
        const settle = (then: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          then();
        };
        const look = () => {
          const match = pattern.exec(texts.stdout) ?? pattern.exec(texts.stderr);
          if (match) return settle(() => resolve(match));
          if (over) settle(() => reject(new Error(`exited without ${pattern}\n${told(texts)}`)));
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`no ${pattern} in ${timeoutMs} ms\n${told(texts)}`))),
          timeoutMs,
        );
        waiting.add(look);
        look();
      });
    },
    async [Symbol.asyncDispose]() {
      if (!over) kill("SIGKILL");
      await ended.catch(() => {});
    },
  };
}

function told({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return `--- standard output\n${stdout}\n--- standard error\n${stderr}`;
}

/** What a process needs to start at all. */
function inherited(): Record<string, string> {
  const needed = Deno.build.os === "windows"
    ? ["PATH", "SystemRoot", "windir", "PATHEXT", "ComSpec"]
    : ["PATH"];
  const env: Record<string, string> = {};
  for (const name of needed) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return env;
}
