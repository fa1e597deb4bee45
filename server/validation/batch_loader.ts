import { currentLine, inTurnOf } from "../request_context.ts";
import { DatabaseBusy } from "../store/db/statement_queue.ts";

/** Concurrent reads: enough to keep the database busy, few enough for batches to form. */
const MAX_READS = 4;
/** Keys that wait for a read. */
const MAX_PENDING = 5000;
/** Keys in one read. */
const MAX_KEYS = 200;
/** The line of the reads, which are for many. */
const LINE = () => "token checks";

interface PendingKey<Value> {
  key: string;
  resolve(value: Value | undefined): void;
  reject(error: unknown): void;
}

/**
 * Loads values by key. Keys that are requested while reads are under way are read together: a
 * single key never waits, and a thousand at once take a handful of statements. Each read takes keys
 * of all lines in turn, so that a client with many does not hold up the others.
 */
export class BatchLoader<Value> {
  /** By line, in the order of their turns; each oldest first. */
  #pending = new Map<string, PendingKey<Value>[]>();
  #total = 0;
  #reads = 0;

  #rejected = 0;

  constructor(private readonly read: (keys: string[]) => Promise<Map<string, Value>>) {}

  get(key: string): Promise<Value | undefined> {
    const name = currentLine();
    return new Promise((resolve, reject) => {
      const line = this.#pending.get(name) ?? [];
      this.#pending.set(name, line);
      line.push({ key, resolve, reject });
      // Requests that arrive together share a read.
      if (++this.#total === 1) queueMicrotask(() => this.#next());
      if (this.#total > MAX_PENDING) this.#shed();
    });
  }

  /** For metrics: reads under way, and keys that wait for one. */
  get state(): { running: number; waiting: number; limit: number; rejected: number } {
    return {
      running: this.#reads,
      waiting: this.#total,
      limit: MAX_PENDING,
      rejected: this.#rejected,
    };
  }

  /** The oldest of the longest line: its client is the likeliest to have given up. */
  #shed(): void {
    const [name, line] = [...this.#pending].reduce((a, b) => b[1].length > a[1].length ? b : a);
    line.shift()!.reject(new DatabaseBusy());
    if (line.length === 0) this.#pending.delete(name);
    this.#total--;
    this.#rejected++;
  }

  #next(): void {
    while (this.#reads < MAX_READS && this.#total > 0) {
      const batch = this.#takeBatch();
      this.#reads++;
      inTurnOf(LINE, () => this.read(batch.map(({ key }) => key))).then(
        (values) => batch.forEach(({ key, resolve }) => resolve(values.get(key))),
        (error) => batch.forEach(({ reject }) => reject(error)),
      ).finally(() => {
        this.#reads--;
        this.#next();
      });
    }
  }

  #takeBatch(): PendingKey<Value>[] {
    const batch: PendingKey<Value>[] = [];
    while (batch.length < MAX_KEYS && this.#total > 0) {
      const [name, line] = this.#pending.entries().next().value!;
      batch.push(line.shift()!);
      this.#total--;
      // Behind the others.
      this.#pending.delete(name);
      if (line.length > 0) this.#pending.set(name, line);
    }
    return batch;
  }
}
