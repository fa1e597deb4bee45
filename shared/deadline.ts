/** Thrown by `withTimeout`. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * The result of `work`, or a TimeoutError after `ms`. The work itself goes on; how it ends after
 * that is ignored.
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
