import { withTimeout } from "../../shared/deadline.ts";

/** Told at a time; the rest wait their turn. */
const MAX_UNDER_WAY = 8;
/** More than this wait for nobody to take them. */
const MAX_WAITING = 10_000;
/** Longest wait for what is still to be told when the server stops, in ms. */
const STOP_TIMEOUT_MS = 10_000;

/** Why an attempt to tell somebody failed. */
export interface Failure {
  reason: string;
  /** Another attempt would fail as well. */
  final?: boolean;
}

interface Delivery {
  attempt(): Promise<Failure | undefined>;
  failed(reason: string): void;
}

interface Waiting extends Delivery {
  /** Attempts made so far. */
  attempts: number;
}

/**
 * Tells others of something while nobody waits for it: each `attempt` is repeated
 * after the given pauses (ms) until it succeeds; `failed` hears of every one that
 * does not. Who pauses keeps nobody else from being told.
 */
export class Deliveries {
  #waiting: Waiting[] = [];
  #underWay = new Set<Promise<void>>();
  #pauses = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(private readonly retryAfter: readonly number[]) {}

  add(delivery: Delivery): void {
    if (this.#waiting.length + this.#pauses.size >= MAX_WAITING) {
      return delivery.failed("too many others wait");
    }
    this.#waiting.push({ ...delivery, attempts: 0 });
    this.#next();
  }

  /** Tries what was not tried yet, repeats nothing, and waits some seconds at most. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const pause of this.#pauses) clearTimeout(pause);
    const rest = async () => {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    };
    await withTimeout(rest(), STOP_TIMEOUT_MS).catch(() => {});
    this.#waiting = [];
  }

  #next(): void {
    while (this.#underWay.size < MAX_UNDER_WAY && this.#waiting.length > 0) {
      const delivery = this.#deliver(this.#waiting.shift()!).finally(() => {
        this.#underWay.delete(delivery);
        this.#next();
      });
      this.#underWay.add(delivery);
    }
  }

  async #deliver(delivery: Waiting): Promise<void> {
    const failure = await delivery.attempt();
    if (failure === undefined) return;
    delivery.failed(failure.reason);
    const pauseAfter = this.retryAfter[delivery.attempts++];
    if (failure.final || pauseAfter === undefined || this.#closed) return;
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#waiting.push(delivery);
      this.#next();
    }, pauseAfter);
    this.#pauses.add(pause);
  }
}
