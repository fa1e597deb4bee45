/** Waiting that Ctrl-C ends: a read of a terminal or a pipe may never come back by itself. */

/** What `promise` gives. Throws the signal's reason as soon as it aborts. */
export async function interruptible<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The same pieces. Throws the signal's reason as soon as it aborts. */
export async function* interruptiblePieces(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await interruptible(iterator.next(), signal);
    if (done) return;
    yield value;
  }
}
