/**
 * The side effects of client commands. The program builds one from the process, a test from
 * memory, with a clock it can set.
 */
import type { Clock } from "../shared/clock.ts";

export interface ClientIo {
  /**
   * For the result only: scripts read it. False if the reader has closed it. Throws if it cannot
   * be written.
   */
  stdout(text: string): boolean;
  /** For messages to the user. */
  stderr(text: string): void;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal of stdout; 80 without one. */
  stdoutColumns(): number;
  /** Width of the terminal of stderr; 80 without one. */
  stderrColumns(): number;
  /**
   * Asks on stderr and returns the line that was typed; undefined if stdin or stderr is not a
   * terminal. Throws the reason of `signal` on Ctrl-C.
   */
  promptLine(question: string): Promise<string | undefined>;
  /** All of standard input, as text. */
  readStdin(): Promise<string>;
  /** Standard input as it arrives. */
  stdinBytes(): AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: Platform;
  /** Of this machine; empty if it cannot be read. */
  hostName(): string;
  readonly clock: Clock;
  /** An IANA name; undefined: that of the user, from `TZ` or the system. */
  readonly timeZone: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason if `signal` aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Starts a program without a shell and without our terminal, in the background. `onExit` gets
   * its exit code. False if it cannot be started.
   */
  launch(program: string, args: readonly string[], onExit?: (code: number) => void): boolean;
  /** The same for a program that has to outlive this one and its terminal. */
  launchDetached(program: string, args: readonly string[]): boolean;
  /**
   * Serves HTTP on a loopback address; port 0 is any free one. Undefined if the machine does not
   * have the address, or if the port is in use.
   */
  serveLoopback(
    address: LoopbackAddress,
    port: number,
    handle: (request: Request) => Promise<Response>,
  ): LoopbackServer | undefined;
  /**
   * Runs a program without a shell, and kills it after `timeoutMs`. Undefined if it cannot be
   * started.
   */
  runProgram(
    program: string,
    args: readonly string[],
    timeoutMs: number,
  ): Promise<ProgramResult | "timed_out" | undefined>;
  /**
   * Runs a program without a shell, with `input` as its standard input; `read` gets its standard
   * output as it arrives. Undefined if it cannot be started.
   */
  streamProgram<T>(
    program: string,
    args: readonly string[],
    input: string,
    read: (output: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<StreamResult<T> | undefined>;
  /**
   * Runs a program without a shell, with our standard streams, and `env` added to our
   * environment. Signals are forwarded to it.
   */
  runInForeground(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ForegroundResult>;
  /**
   * Runs a program without a shell on our terminal, with `env` added to our environment, and `text`
   * as its standard input, until the user leaves it. False if it cannot be started.
   */
  showInPager(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    text: string,
  ): Promise<boolean>;
}

export type LoopbackAddress = "127.0.0.1" | "::1";

export interface LoopbackServer {
  port: number;
  /** Accepts nothing more; resolves once running requests were answered. */
  close(): Promise<void>;
}

/** The exit code, after a signal 128 plus its number; or why the program did not start. */
export type ForegroundResult = number | "not_found" | "not_executable";

export interface ProgramResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface StreamResult<T> {
  code: number;
  stderr: string;
  /** The result of `read`. */
  result: T;
}

export interface Platform {
  /** `linux`, `darwin`, `windows`, as Deno names them. */
  readonly os: string;
  readonly arch: string;
  /** As in `uname -r`: identifies Windows Subsystem for Linux. */
  readonly release: string;
  /** Empty if neither the environment nor the user database names one. */
  readonly homeFolder: string;
  /** The file of this program. */
  readonly programPath: string;
}
