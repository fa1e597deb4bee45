/** Statements and transactions at the same time; those above the number of connections are sent ahead. */
const MAX_RUNNING = 40;
/** Statements that wait for their turn. */
const MAX_WAITING = 1000;
/** Longest wait: clients give up after 30 s, and a request has several statements. */
const MAX_WAIT_MS = 15_000;
/** Time between two looks for statements that have waited too long, and between two reports. */
const SWEEP_INTERVAL_MS = 500;
const REPORT_INTERVAL_MS = 10_000;

/** The server has more to do than the database can serve. The same request may succeed later. */
export class DatabaseBusy extends Error {
  override readonly name = "DatabaseBusy";

  constructor() {
    super("too many requests wait for the database");
  }
}

interface Waiting {
  since: number;
  start(): void;
  shed(): void;
}

export interface StatementQueueLimits {
  running: number;
  waiting: number;
  waitMs: number;
}

/**
 * Bounds the statements that wait for the database, which postgres.js does not. Networks take turns,
 * so that one with many requests delays another by a single statement. When too many wait, the
 * oldest of the network with the most is rejected: its client is the likeliest to have given up.
 */
export class StatementQueue {
  readonly #limits: StatementQueueLimits;
  #running = 0;
  #total = 0;
  /** By network, in the order of their turns; each oldest first. */
  #waiting = new Map<string, Waiting[]>();
  #timer?: ReturnType<typeof setInterval>;
  #unreported = 0;
  #reportedAt = -Infinity;
  /** Rejected statements, by reason: for metrics. */
  readonly shed = { full: 0, timeout: 0 };
  /** Called with the number of rejected statements, at most every ten seconds. */
  onShed?: (count: number) => void;

  /** `network` returns whom the statement is for. */
  constructor(
    private readonly network: () => string,
    limits: Partial<StatementQueueLimits> = {},
  ) {
    this.#limits = {
      running: MAX_RUNNING,
      waiting: MAX_WAITING,
      waitMs: MAX_WAIT_MS,
      ...limits,
    };
  }

  get waiting(): number {
    return this.#total;
  }

  /** How long the oldest has waited; 0 if none waits. */
  get oldestWaitMs(): number {
    const oldest = Math.min(...[...this.#waiting.values()].map(([first]) => first.since));
    return oldest === Infinity ? 0 : performance.now() - oldest;
  }

  /** Calls `task` when it is its turn, which is at once unless the database is busy. */
  async run<T>(task: () => PromiseLike<T>): Promise<T> {
    if (this.#running < this.#limits.running) this.#running++;
    // The next one to finish hands its place over.
    else await this.#wait();
    try {
      return await task();
    } finally {
      this.#next();
    }
  }

  #wait(): Promise<void> {
    const network = this.network();
    return new Promise((resolve, reject) => {
      const line = this.#waiting.get(network) ?? [];
      this.#waiting.set(network, line);
      line.push({
        since: performance.now(),
        start: resolve,
        shed: () => reject(new DatabaseBusy()),
      });
      this.#total++;
      if (this.#total > this.#limits.waiting) this.#shedOldest(this.#longest(), "full");
      this.#timer ??= this.#startSweeping();
    });
  }

  #next(): void {
    for (const [network, line] of this.#waiting) {
      this.#waiting.delete(network);
      const first = line.shift();
      if (first === undefined) continue;
      if (line.length > 0) this.#waiting.set(network, line);
      this.#total--;
      return first.start();
    }
    this.#running--;
  }

  #longest(): string {
    let [longest, length] = ["", 0];
    for (const [network, line] of this.#waiting) {
      if (line.length > length) [longest, length] = [network, line.length];
    }
    return longest;
  }

  #shedOldest(network: string, reason: keyof StatementQueue["shed"]): void {
    const line = this.#waiting.get(network)!;
    const oldest = line.shift()!;
    if (line.length === 0) this.#waiting.delete(network);
    this.#total--;
    this.shed[reason]++;
    this.#unreported++;
    oldest.shed();
    if (performance.now() - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = performance.now();
    this.onShed?.(this.#unreported);
    this.#unreported = 0;
  }

  #startSweeping(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => {
      const overdue = performance.now() - this.#limits.waitMs;
      for (const [network, line] of [...this.#waiting]) {
        while (line.length > 0 && line[0].since < overdue) this.#shedOldest(network, "timeout");
      }
      if (this.#total > 0) return;
      clearInterval(timer);
      this.#timer = undefined;
    }, SWEEP_INTERVAL_MS);
    Deno.unrefTimer(timer);
    return timer;
  }
}
