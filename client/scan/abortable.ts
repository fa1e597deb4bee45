import { untilAborted } from "../../shared/deadline.ts";

/** Yields `pieces`. Throws the reason of `signal` as soon as it aborts. */
export async function* abortablePieces(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await untilAborted(iterator.next(), signal);
    if (done) return;
    yield value;
  }
}
