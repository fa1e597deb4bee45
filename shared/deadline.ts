/** Every wait that gives up, after a time or at a signal. */

/** Thrown by `withTimeout`. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * The result of `work`, or a TimeoutError after `ms`. The work itself goes on; how it ends after
 * that is ignored. A promise that outlives very many calls would keep what each of them created: use
 * `pause` to wait for one.
 */
export async function withTimeout<T>(work: PromiseLike<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The result of `work`. Throws the reason of `signal` as soon as it aborts; the work itself goes
 * on: a read of a terminal or a pipe may never return.
 */
export async function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Waits `ms`, or until `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => resolve();
  signal.addEventListener("abort", abort);
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
  // A signal may outlive very many pauses.
  signal.removeEventListener("abort", abort);
}
