import type { ServerIo } from "./io.ts";

/** A step of the start that takes longer than this many ms is named on standard error. */
const QUIET = 2_000;
/** And named again after pauses that grow to this, in ms. */
const LONGEST_PAUSE = 30_000;

/** The process was asked to stop before it was ready. */
export class StartInterrupted extends Error {
  override readonly name = "StartInterrupted";
}

/** A step of the start took too long; `message` says which, and what to look at. */
export class StartTimeout extends Error {
  override readonly name = "StartTimeout";
}

export interface StartStep {
  /** What it does, as after "Still": "connecting to PostgreSQL at db:5432". */
  doing: string;
  /** Seconds until it is given up. */
  seconds: number;
  /** What to look at then, as a sentence. */
  advice: string;
  /** Until it is named on standard error, in ms. */
  quiet?: number;
}

type StartIo = Pick<ServerIo, "stderr" | "signal">;

/**
 * Runs a step of the start: with a deadline, with a line that says what is waited for,
 * and given up at the first signal, whatever the step is at. `work` gets a signal that
 * is aborted in both cases, and may set what the step waits for. Throws StartTimeout,
 * StartInterrupted, or what the step throws.
 */
export async function startStep<T>(
  { stderr, signal }: StartIo,
  { doing, seconds, advice, quiet = QUIET }: StartStep,
  work: (signal: AbortSignal, waitsFor: (reason: string) => void) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new StartInterrupted(`Stopped before ${doing}.`);
  const stop = new AbortController();
  const given = Promise.withResolvers<never>();
  let reason = "";
  const giveUp = (error: Error) => {
    stop.abort(error);
    given.reject(error);
  };
  const interrupted = () => giveUp(new StartInterrupted(`Stopped while ${doing}.`));
  const deadline = setTimeout(() => {
    const why = reason === "" ? "" : ` (${reason})`;
    giveUp(new StartTimeout(`${doing} took longer than ${seconds} s${why}. ${advice}`));
  }, seconds * 1000);
  let pause = quiet;
  const announce = () => {
    stderr(`Still ${doing}${reason === "" ? "" : ` (${reason})`}…\n`);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    timer = setTimeout(announce, pause);
  };
  let timer = setTimeout(announce, pause);
  signal.addEventListener("abort", interrupted, { once: true });
  try {
    const working = work(stop.signal, (text) => reason = text);
    // It may fail after it was given up.
    working.catch(() => {});
    return await Promise.race([working, given.promise]);
  } finally {
    signal.removeEventListener("abort", interrupted);
    clearTimeout(deadline);
    clearTimeout(timer);
  }
}
