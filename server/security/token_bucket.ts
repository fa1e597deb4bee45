import type { Clock } from "../../shared/clock.ts";

/** How often something may happen: `burst` times at once, and `perSecond` in the long run. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Keys that are remembered at a time; the one that was used longest ago goes first. */
const MAX_KEYS = 20_000;

/**
 * A token bucket for each key, in this process only: it bounds what one caller costs, and
 * with several replicas each allows as much. Limits on guesses, which have to be exact, are
 * in throttle.ts.
 */
export class RateLimit {
  /** In order of use, the oldest first. */
  #buckets = new Map<string, { left: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  /**
   * Takes one from each key's bucket, or nothing where one of them is empty. Returns the
   * seconds to wait; 0: it may happen.
   */
  take(rates: readonly [key: string, rate: Rate][]): number {
    const now = this.clock.now();
    const filled = rates.map(([key, rate]) => ({ key, rate, left: this.#left(key, rate, now) }));
    const waits = filled.map(({ left, rate }) => left >= 1 ? 0 : (1 - left) / rate.perSecond);
    const wait = Math.ceil(Math.max(0, ...waits));
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
