/**
 * Everything a client command may touch outside itself. main.ts builds one from
 * the process; a test builds one from memory, with a clock it can set.
 */
import type { Clock } from "../shared/clock.ts";

export interface ClientIo {
  /**
   * What was asked for, and nothing else: scripts read it. False if its reader has
   * gone away, which matters to whom it must reach. Throws if it cannot be written.
   */
  stdout(text: string): boolean;
  /** What is said to a person. */
  stderr(text: string): void;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal behind stderr in columns; 80 where there is none. */
  stderrColumns(): number;
  /** All of standard input, as text. */
  readStdin(): Promise<string>;
  /** Standard input as it comes. */
  stdinBytes(): AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason if `signal` aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Starts a program without a shell, cut off from our terminal, and does not
   * wait for it. False if it cannot be started.
   */
  launch(program: string, args: readonly string[]): boolean;
  /**
   * Runs a program without a shell and waits for its end, or for `timeoutMs`
   * milliseconds: then it is killed. Undefined if it cannot be started.
   */
  runProgram(
    program: string,
    args: readonly string[],
    timeoutMs: number,
  ): Promise<EndedProgram | "timed_out" | undefined>;
  /**
   * Runs a program without a shell, gives it `input`, hands its standard output to
   * `read` as it comes, and waits for its end. Undefined if it cannot be started.
   */
  streamProgram<T>(
    program: string,
    args: readonly string[],
    input: string,
    read: (output: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<StreamedEnd<T> | undefined>;
  /**
   * Runs a program without a shell, with our standard streams and `env` on top of
   * our environment, and waits for its end. Signals sent to us are sent on to it.
   */
  runInForeground(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ForegroundEnd>;
}

/** The exit code, which is 128 and the signal's number after a signal; or why it did not start. */
export type ForegroundEnd = number | "not found" | "cannot be run";

export interface EndedProgram {
  code: number;
  stdout: string;
  stderr: string;
}

export interface StreamedEnd<T> {
  code: number;
  stderr: string;
  /** What the output was read to. */
  result: T;
}

export interface Platform {
  /** `linux`, `darwin`, `windows`, as Deno names them. */
  readonly os: string;
  readonly arch: string;
  /** As `uname -r` has it: tells Windows Subsystem for Linux from Linux. */
  readonly release: string;
  /** The user's home folder; empty if neither the environment nor the user database names one. */
  readonly homeFolder: string;
}
