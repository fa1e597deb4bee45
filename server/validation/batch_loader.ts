/** Reads under way at a time: enough to keep the database busy, few enough to gather. */
const MAX_READING = 4;
/** Keys in one read. */
const MAX_KEYS = 200;

interface Waiting<Value> {
  key: string;
  resolve(value: Value | undefined): void;
  reject(error: unknown): void;
}

/**
 * Reads one row for each key. What is asked for while reads are under way goes to the
 * database together: one key alone never waits, and a thousand at once are a handful
 * of statements.
 */
export class BatchLoader<Value> {
  #waiting: Waiting<Value>[] = [];
  #reading = 0;

  constructor(private readonly read: (keys: string[]) => Promise<Map<string, Value>>) {}

  get(key: string): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      // Requests that arrived together are answered from one read.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    while (this.#reading < MAX_READING && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_KEYS);
      this.#reading++;
      this.read(batch.map(({ key }) => key)).then(
        (found) => batch.forEach(({ key, resolve }) => resolve(found.get(key))),
        (error) => batch.forEach(({ reject }) => reject(error)),
      ).finally(() => {
        this.#reading--;
        this.#next();
      });
    }
  }
}
