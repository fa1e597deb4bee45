import { withTimeout } from "../../shared/deadline.ts";

/** Attempts at the same time; further deliveries wait. */
const MAX_CONCURRENT = 8;
/** Deliveries that may wait: a receiver that is down for days must not exhaust the memory. */
const MAX_QUEUED = 10_000;
/** Longest wait for unfinished deliveries when the server stops. */
const CLOSE_TIMEOUT_MS = 10_000;

/** Why an attempt failed. */
export interface DeliveryFailure {
  reason: string;
  /** Whether further attempts would fail as well. */
  permanent?: boolean;
}

/** What a queue holds now, and what has come of its attempts: for metrics. */
export interface QueueState {
  running: number;
  waiting: number;
  retrying: number;
  /** Deliveries that may wait. */
  limit: number;
  rejected: number;
  results: Readonly<Record<"delivered" | "failed" | "abandoned", number>>;
}

interface Delivery {
  attempt(): Promise<DeliveryFailure | undefined>;
  /** Called after each failed attempt. */
  onFailure(reason: string): void;
}

interface QueuedDelivery extends Delivery {
  attempts: number;
}

/**
 * Delivers messages in the background. A failed attempt is repeated after each of the given pauses
 * (in ms) until one succeeds; a delivery that waits for its next attempt does not delay others.
 */
export class DeliveryQueue {
  #queue: QueuedDelivery[] = [];
  #running = new Set<Promise<void>>();
  #retryTimers = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;
  #rejected = 0;
  #results = { delivered: 0, failed: 0, abandoned: 0 };

  constructor(private readonly retryAfterMs: readonly number[]) {}

  get state(): QueueState {
    return {
      running: this.#running.size,
      waiting: this.#queue.length,
      retrying: this.#retryTimers.size,
      limit: MAX_QUEUED,
      rejected: this.#rejected,
      results: this.#results,
    };
  }

  add(delivery: Delivery): void {
    if (this.#queue.length + this.#retryTimers.size >= MAX_QUEUED) {
      this.#rejected++;
      return delivery.onFailure("the queue is full");
    }
    this.#queue.push({ ...delivery, attempts: 0 });
    this.#startNext();
  }

  /** Makes the first attempt of all that are queued, repeats none, and waits with a limit. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#retryTimers) clearTimeout(timer);
    const finished = async () => {
      while (this.#running.size > 0) await Promise.all(this.#running);
    };
    await withTimeout(finished(), CLOSE_TIMEOUT_MS).catch(() => {});
    this.#queue = [];
  }

  #startNext(): void {
    while (this.#running.size < MAX_CONCURRENT && this.#queue.length > 0) {
      const running = this.#deliver(this.#queue.shift()!).finally(() => {
        this.#running.delete(running);
        this.#startNext();
      });
      this.#running.add(running);
    }
  }

  async #deliver(delivery: QueuedDelivery): Promise<void> {
    const failure = await delivery.attempt();
    if (failure === undefined) {
      this.#results.delivered++;
      return;
    }
    this.#results.failed++;
    delivery.onFailure(failure.reason);
    const pauseMs = this.retryAfterMs[delivery.attempts++];
    if (failure.permanent || pauseMs === undefined || this.#closed) {
      this.#results.abandoned++;
      return;
    }
    const timer = setTimeout(() => {
      this.#retryTimers.delete(timer);
      this.#queue.push(delivery);
      this.#startNext();
    }, pauseMs);
    this.#retryTimers.add(timer);
  }
}
