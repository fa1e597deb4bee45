import { DatabaseBusy } from "../store/db/statement_queue.ts";

/** Concurrent reads: enough to keep the database busy, few enough for batches to form. */
const MAX_READS = 4;
/** Keys that wait for a read. */
const MAX_PENDING = 5000;
/** Keys in one read. */
const MAX_KEYS = 200;

interface PendingKey<Value> {
  key: string;
  resolve(value: Value | undefined): void;
  reject(error: unknown): void;
}

/**
 * Loads values by key. Keys that are requested while reads are under way are read together: a
 * single key never waits, and a thousand at once take a handful of statements.
 */
export class BatchLoader<Value> {
  #pending: PendingKey<Value>[] = [];
  #reads = 0;

  constructor(private readonly read: (keys: string[]) => Promise<Map<string, Value>>) {}

  get(key: string): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ key, resolve, reject });
      // The oldest: its client is the likeliest to have given up.
      if (this.#pending.length > MAX_PENDING) this.#pending.shift()!.reject(new DatabaseBusy());
      // Requests that arrive together share a read.
      if (this.#pending.length === 1) queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    while (this.#reads < MAX_READS && this.#pending.length > 0) {
      const batch = this.#pending.splice(0, MAX_KEYS);
      this.#reads++;
      this.read(batch.map(({ key }) => key)).then(
        (values) => batch.forEach(({ key, resolve }) => resolve(values.get(key))),
        (error) => batch.forEach(({ reject }) => reject(error)),
      ).finally(() => {
        this.#reads--;
        this.#next();
      });
    }
  }
}
