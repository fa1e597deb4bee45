import type { Clock } from "../shared/clock.ts";
import type { AskSecret } from "../shared/secret_prompt.ts";

/** The side effects of operators' commands. Tests pass their own. */
export interface ServerIo {
  /** Returns false if nothing reads the output, which matters for a secret that is shown once. */
  stdout(text: string): boolean;
  /** Writes bytes to standard output. Throws OutputError, also if nothing reads them. */
  writeStdout(bytes: Uint8Array): Promise<void>;
  stderr(text: string): void;
  readStdin(): Promise<string>;
  /** Standard input as it arrives. */
  stdin(): AsyncIterable<Uint8Array>;
  readonly stdoutIsTerminal: boolean;
  /** Width of the terminal of standard output; 80 without one. */
  stdoutColumns(): number;
  /** Whether standard error is a terminal where a line can be rewritten. */
  readonly stderrIsLive: boolean;
  /** Width of the terminal of standard error; 80 without one. */
  stderrColumns(): number;
  /** Whether the user at the terminal agrees; undefined if there is no terminal. */
  confirm(question: string): Promise<boolean | undefined>;
  /** What the user types at the terminal after `question`; undefined if there is no terminal. */
  promptLine(question: string): Promise<string | undefined>;
  /**
   * Runs a dialog that asks for secrets, which the terminal does not show; undefined if there is no
   * terminal. Throws PromptInterrupted.
   */
  promptSecrets<T>(dialog: (ask: AskSecret) => Promise<T>): Promise<T | undefined>;
  env: Record<string, string>;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
  /** Calls `listener` at each SIGHUP, where there is one. Until then, SIGHUP ends the process. */
  onHangup?(listener: () => void): void;
  clock: Clock;
  /** An IANA name; undefined: that of the user, from `TZ` or the system. */
  timeZone: string | undefined;
  platform: {
    os: string;
    homedir: string;
    /** Where the platform has the config file of the server; undefined if it has no such place. */
    configFile?: string;
  };
}
