export interface SlotLimits {
  /** Requests at the same time. */
  running: number;
  /** Of these, requests to one host. */
  perHost: number;
  /** Requests that wait for a slot. */
  waiting: number;
}

/**
 * A request that hangs holds a connection for seconds, so one host may not have them all. Sign-ins
 * and deliveries need a few at a time.
 */
const LIMITS: SlotLimits = { running: 128, perHost: 16, waiting: 512 };

/** As many requests wait for a slot as may. */
export class NoSlot extends Error {
  override readonly name = "NoSlot";
}

interface Waiting {
  start(): void;
}

/** Bounds concurrent requests, in total and to each host; hosts take turns at what is free. */
export class RequestSlots {
  readonly #limits: SlotLimits;
  #running = 0;
  #runningAt = new Map<string, number>();
  #total = 0;
  /** By host, in the order of their turns; each oldest first. */
  #waiting = new Map<string, Waiting[]>();
  #rejected = 0;

  constructor(limits: Partial<SlotLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** For metrics. */
  get state(): { running: number; waiting: number; limit: number; rejected: number } {
    return {
      running: this.#running,
      waiting: this.#total,
      limit: this.#limits.waiting,
      rejected: this.#rejected,
    };
  }

  /** Calls `send` once there is a slot. Throws NoSlot, and what `signal` is aborted with. */
  async run<T>(host: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    if (this.#isFree(host)) this.#take(host);
    else await this.#wait(host, signal);
    try {
      return await send();
    } finally {
      this.#release(host);
    }
  }

  #isFree(host: string): boolean {
    const { running, perHost } = this.#limits;
    return this.#running < running && (this.#runningAt.get(host) ?? 0) < perHost;
  }

  #take(host: string): void {
    this.#running++;
    this.#runningAt.set(host, (this.#runningAt.get(host) ?? 0) + 1);
  }

  #release(host: string): void {
    this.#running--;
    const left = this.#runningAt.get(host)! - 1;
    if (left > 0) this.#runningAt.set(host, left);
    else this.#runningAt.delete(host);
    this.#startNext();
  }

  #wait(host: string, signal: AbortSignal): Promise<void> {
    if (this.#total >= this.#limits.waiting) {
      this.#rejected++;
      throw new NoSlot("too many requests wait");
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const line = this.#waiting.get(host) ?? [];
    this.#waiting.set(host, line);
    const giveUp = () => {
      const index = line.indexOf(waiting);
      if (index === -1) return;
      line.splice(index, 1);
      this.#total--;
      if (line.length === 0 && this.#waiting.get(host) === line) this.#waiting.delete(host);
      reject(signal.reason);
    };
    const waiting = {
      start: () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      },
    };
    line.push(waiting);
    this.#total++;
    signal.addEventListener("abort", giveUp);
    return promise;
  }

  #startNext(): void {
    for (const [host, line] of [...this.#waiting]) {
      if (this.#running >= this.#limits.running) return;
      if (!this.#isFree(host)) continue;
      const first = line.shift()!;
      this.#total--;
      this.#waiting.delete(host);
      if (line.length > 0) this.#waiting.set(host, line);
      this.#take(host);
      first.start();
    }
  }
}
