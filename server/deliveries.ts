/** Told at a time; the rest wait their turn. */
const MAX_UNDER_WAY = 8;
/** More than this wait for nobody to take them. */
const MAX_WAITING = 10_000;
/** Longest wait for what is still to be told when the server stops, in ms. */
const STOP_PATIENCE = 10_000;

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

/**
 * Tells others of something while nobody waits for it: each `attempt` is repeated
 * after the given pauses (ms) until it succeeds; `failed` hears of every one that
 * does not.
 */
export class Deliveries {
  #waiting: Delivery[] = [];
  #underWay = new Set<Promise<void>>();
  #stop = new AbortController();

  constructor(private readonly retryAfter: readonly number[]) {}

  add(delivery: Delivery): void {
    if (this.#waiting.length >= MAX_WAITING) return delivery.failed("too many others wait");
    this.#waiting.push(delivery);
    this.#next();
  }

  /** Tries what is left once, repeats nothing, and waits some seconds at most. */
  async close(): Promise<void> {
    this.#stop.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, STOP_PATIENCE));
    const rest = async () => {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    };
    await Promise.race([rest(), patience]);
    clearTimeout(timer);
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

  async #deliver({ attempt, failed }: Delivery): Promise<void> {
    for (const pauseAfter of [...this.retryAfter, undefined]) {
      const failure = await attempt();
      if (failure === undefined) return;
      failed(failure.reason);
      if (failure.final || pauseAfter === undefined || this.#stop.signal.aborted) return;
      await abortablePause(pauseAfter, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
    }
  }
}

function abortablePause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
