import { untilAborted } from "../shared/deadline.ts";
import type { ServerIo } from "./io.ts";

/** After this time, standard error names the step that is in progress. */
const QUIET_MS = 2_000;
/** It is named again after pauses that grow to this. */
const MAX_PAUSE_MS = 30_000;

/** A signal stopped the process before it was ready. */
export class StartInterrupted extends Error {
  override readonly name = "StartInterrupted";
}

/** A step of the start took too long; `message` says which one and what to check. */
export class StartTimeout extends Error {
  override readonly name = "StartTimeout";
}

export interface StartStep {
  /** What it does, such as "connecting to PostgreSQL at db:5432". */
  doing: string;
  /** Deadline. */
  seconds: number;
  /** What to check after the deadline, as a sentence. */
  advice: string;
  /** Time in ms until standard error names it. */
  quiet?: number;
}

type StartIo = Pick<ServerIo, "stderr" | "signal">;

/**
 * Runs a step of the start with a deadline, and aborts it at the first signal. `work` gets an
 * AbortSignal for both, and may report what it waits for. Throws StartTimeout, StartInterrupted,
 * or what the step throws.
 */
export async function startStep<T>(
  { stderr, signal }: StartIo,
  { doing, seconds, advice, quiet = QUIET_MS }: StartStep,
  work: (signal: AbortSignal, onWait: (reason: string) => void) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new StartInterrupted(`Stopped before ${doing}.`);
  const controller = new AbortController();
  let reason = "";
  const interrupted = () => controller.abort(new StartInterrupted(`Stopped while ${doing}.`));
  const deadline = setTimeout(() => {
    const why = reason === "" ? "" : ` (${reason})`;
    controller.abort(new StartTimeout(`${doing} took longer than ${seconds} s${why}. ${advice}`));
  }, seconds * 1000);
  let pause = quiet;
  const announce = () => {
    stderr(`Still ${doing}${reason === "" ? "" : ` (${reason})`}…\n`);
    pause = Math.min(pause * 2, MAX_PAUSE_MS);
    timer = setTimeout(announce, pause);
  };
  let timer = setTimeout(announce, pause);
  signal.addEventListener("abort", interrupted, { once: true });
  try {
    const result = work(controller.signal, (text) => reason = text);
    return await untilAborted(result, controller.signal);
  } finally {
    signal.removeEventListener("abort", interrupted);
    clearTimeout(deadline);
    clearTimeout(timer);
  }
}
