/** How long a sample is used. */
const INTERVAL_MS = 15_000;

/**
 * Reads a value that costs a statement at most every 15 s, however often it is asked for, and never
 * twice at a time.
 */
export class Sampler {
  #sampledAt = -Infinity;
  #running?: Promise<void>;

  constructor(private readonly read: () => Promise<void>) {}

  /** Resolves with a value that is not older than the interval; throws what `read` throws. */
  sample(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    if (performance.now() - this.#sampledAt < INTERVAL_MS) return Promise.resolve();
    // Counts from its start, so that a database that fails is not asked more often.
    this.#sampledAt = performance.now();
    this.#running = this.read().finally(() => this.#running = undefined);
    return this.#running;
  }
}
