/** The ClientIo of this process. */
import { systemClock } from "../../shared/clock.ts";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";
import type { ClientIo, ProgramResult } from "../io.ts";
import { readStdin, type Signals, terminalColumns } from "../../shared/process.ts";
import { promptLine } from "../../shared/prompt_line.ts";
import { sleep } from "../../shared/sleep.ts";
import { processFetch } from "./fetch.ts";
import { serveLoopback } from "./serve_loopback.ts";

async function* stdinBytes(): AsyncGenerator<Uint8Array> {
  yield* Deno.stdin.readable;
}

function hostName(): string {
  try {
    return Deno.hostname();
  } catch {
    return "";
  }
}

function launch(
  program: string,
  args: readonly string[],
  onExit: (code: number) => void = () => {},
  detached = false,
): boolean {
  try {
    const child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached,
    }).spawn();
    child.unref();
    void child.status.then(({ code }) => onExit(code));
    return true;
  } catch {
    return false;
  }
}

/** ClientIo's; of this process's standard streams the program gets none. */
export async function runProgram(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<ProgramResult | "timed_out" | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch {
    return undefined;
  }
  try {
    const { code, stdout, stderr } = await withTimeout(child.output(), timeoutMs);
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    // Programs it started may keep its streams open; they are not waited for.
    child.kill("SIGKILL");
    return "timed_out";
  }
}

const runInForeground =
  (signals: Signals): ClientIo["runInForeground"] => async (program, args, env) => {
    const foreground = await import("./foreground.ts");
    const hasTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) =>
      stream.isTerminal()
    );
    signals.delegateToProgram();
    return await foreground.runInForeground(program, args, env, hasTerminal);
  };

/** What this process gives a command. */
export function processIo(
  { stdout, stderr, env, platform, signals }:
    & Pick<ClientIo, "stdout" | "stderr" | "env" | "platform">
    & { signals: Signals },
): ClientIo {
  const { signal } = signals;
  return {
    stdout,
    stderr,
    stdinIsTerminal: Deno.stdin.isTerminal(),
    stdoutIsTerminal: Deno.stdout.isTerminal(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
    stdoutColumns: terminalColumns,
    stderrColumns: terminalColumns,
    promptLine: (question) => promptLine(question, stderr, signal),
    readStdin,
    stdinBytes,
    env,
    platform,
    hostName,
    clock: systemClock,
    timeZone: undefined,
    fetch: processFetch({ env, platform }),
    sleep,
    signal,
    launch,
    launchDetached: (program, args) => launch(program, args, undefined, true),
    serveLoopback,
    runProgram,
    async streamProgram(program, args, input, read) {
      const { streamProgram } = await import("./stream.ts");
      return await streamProgram(program, args, input, read, signal);
    },
    runInForeground: runInForeground(signals),
    async showInPager(program, args, env, text) {
      const { showInPager } = await import("./pager.ts");
      // Ctrl-C is for the pager.
      signals.delegateToProgram();
      return await showInPager(program, args, env, text);
    },
  };
}
