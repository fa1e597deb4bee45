import type { Clock } from "../../shared/clock.ts";
import type { Sql } from "../store/db/connect.ts";
import { takeFromBucket } from "../store/rate_buckets.ts";
import { type Rate, type RateLimit, TokenBucketLimit } from "./token_bucket.ts";

/** When there are more, the least recently used is dropped. */
const MAX_KEYS = 20_000;
/** Unused tokens are given up after this time: the bucket has as many new ones by then. */
const LEASE_MS = 10_000;
/** A replica takes this part of a burst at most. */
const LEASES_PER_BURST = 20;
/** And what the rate gives in this time. */
const LEASE_SECONDS = 5;

/** What this replica has of a bucket. */
interface Lease {
  tokens: number;
  expiresAt: number;
  /** When the bucket, which was empty, has a token: it is not asked before. */
  emptyUntil: number;
}

/**
 * A rate limit that all replicas share. The buckets are in the database; a replica takes several
 * tokens at a time, so that most requests cost no statement, and remembers that a bucket is empty.
 */
export class SharedRateLimit implements RateLimit {
  /** Least recently used first. */
  #leases = new Map<string, Lease>();
  /** Requests of one key at the same time wait for one statement. */
  #pending = new Map<string, Promise<Lease>>();

  refusals = 0;

  constructor(private readonly sql: Sql, private readonly clock: Clock) {}

  async take(rates: readonly [key: string, rate: Rate][]): Promise<number> {
    for (;;) {
      const leases = await Promise.all(rates.map(([key, rate]) => this.#lease(key, rate)));
      const now = this.clock.now();
      const waitMs = Math.max(
        ...leases.map((lease) => isUsable(lease, now) ? 0 : waitFor(lease, now)),
      );
      if (waitMs > 0) {
        this.refusals++;
        return Math.ceil(waitMs / 1000);
      }
      // Other requests may have used a lease up while this one waited for another.
      if (leases.every((lease) => isUsable(lease, now))) {
        for (const lease of leases) lease.tokens--;
        return 0;
      }
    }
  }

  /** A lease that has a token, or whose bucket is empty. */
  #lease(key: string, rate: Rate): Lease | Promise<Lease> {
    const now = this.clock.now();
    const lease = this.#leases.get(key);
    if (lease !== undefined) {
      // Moves it to the end.
      this.#leases.delete(key);
      this.#leases.set(key, lease);
      if (isUsable(lease, now) || waitFor(lease, now) > 0) return lease;
    }
    const pending = this.#pending.get(key) ??
      this.#take(key, rate, now).finally(() => this.#pending.delete(key));
    this.#pending.set(key, pending);
    return pending;
  }

  async #take(key: string, rate: Rate, now: number): Promise<Lease> {
    const tokens = leaseSize(rate);
    const { taken, available } = await takeFromBucket(this.sql, {
      ...{ key, tokens, at: new Date(now) },
      ...rate,
    });
    const waitMs = taken >= 1 ? 0 : (1 - available) / rate.perSecond * 1000;
    const lease = { tokens: taken, expiresAt: now + LEASE_MS, emptyUntil: now + waitMs };
    this.#leases.set(key, lease);
    for (const oldest of this.#leases.keys()) {
      if (this.#leases.size <= MAX_KEYS) break;
      this.#leases.delete(oldest);
    }
    return lease;
  }
}

function isUsable({ tokens, expiresAt }: Lease, now: number): boolean {
  return tokens >= 1 && now < expiresAt && now >= expiresAt - LEASE_MS;
}

/** The time until the bucket has a token again, as far as this replica knows; in ms. */
function waitFor({ emptyUntil, expiresAt }: Lease, now: number): number {
  // Not after the clock was set back.
  return now >= expiresAt - LEASE_MS ? Math.max(0, emptyUntil - now) : 0;
}

function leaseSize({ burst, perSecond }: Rate): number {
  const size = Math.min(burst / LEASES_PER_BURST, perSecond * LEASE_SECONDS);
  return Math.max(1, Math.floor(size));
}

/** The limits of one process that has the database for itself need no statements. */
export function createRateLimit(
  { sql, clock, config }: { sql: Sql; clock: Clock; config: { databaseUrl?: string } },
): RateLimit {
  return config.databaseUrl === undefined
    ? new TokenBucketLimit(clock)
    : new SharedRateLimit(sql, clock);
}
