import type { Clock } from "../../shared/clock.ts";

/** `burst` times at once, and `perSecond` in the long run. */
export interface Rate {
  burst: number;
  perSecond: number;
}

export interface RateLimit {
  /** How often there was none left: for metrics. */
  readonly refusals: number;
  /**
   * Takes one from the bucket of each key, or from none if one of them is empty. Returns the
   * seconds to wait, 0 if it may happen now.
   */
  take(rates: readonly [key: string, rate: Rate][]): number | Promise<number>;
}

/** When there are more, the least recently used is dropped. */
const MAX_KEYS = 20_000;

/**
 * A rate limit with a token bucket for each key, in the memory of this process. It bounds the cost
 * of a caller; limits on guesses, which have to be exact, are in rate_limit.ts.
 */
export class TokenBucketLimit implements RateLimit {
  /** Least recently used first. */
  #buckets = new Map<string, { left: number; at: number }>();

  refusals = 0;

  constructor(private readonly clock: Clock) {}

  take(rates: readonly [key: string, rate: Rate][]): number {
    const now = this.clock.now();
    const filled = rates.map(([key, rate]) => ({ key, rate, left: this.#left(key, rate, now) }));
    const waits = filled.map(({ left, rate }) => left >= 1 ? 0 : (1 - left) / rate.perSecond);
    const wait = Math.ceil(Math.max(0, ...waits));
    if (wait > 0) this.refusals++;
    for (const { key, left } of filled) {
      this.#buckets.delete(key);
      this.#buckets.set(key, { left: wait === 0 ? left - 1 : left, at: now });
    }
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_KEYS) break;
      this.#buckets.delete(key);
    }
    return wait;
  }

  #left(key: string, { burst, perSecond }: Rate, now: number): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return burst;
    const seconds = Math.max(0, now - bucket.at) / 1000;
    return Math.min(burst, bucket.left + seconds * perSecond);
  }
}
