/** Repeats `attempt` while `again` returns true for its error, after pauses of `first` to `longest` ms. */
export async function withBackOff<T>(
  attempt: () => Promise<T>,
  again: (error: unknown) => boolean,
  signal: AbortSignal,
  { first = 100, longest = 2_000 } = {},
): Promise<T> {
  for (let pause = first;; pause = Math.min(pause * 2, longest)) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!again(error)) throw error;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, pause);
      function done() {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      signal.addEventListener("abort", done, { once: true });
    });
    if (signal.aborted) throw signal.reason;
  }
}
