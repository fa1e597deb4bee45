import type { Clock } from "../shared/clock.ts";

/** The outside world, as server commands get it from main.ts; tests hand in their own. */
export interface ServerIo {
  /** False if nobody can read it, which matters for a secret that is shown once. */
  stdout(text: string): boolean;
  stderr(text: string): void;
  readStdin(): Promise<string>;
  /** Whether the person at the terminal says yes; undefined if there is no terminal. */
  confirm(question: string): Promise<boolean | undefined>;
  env: Record<string, string>;
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal;
  clock: Clock;
  platform: { os: string; homedir: string };
}
