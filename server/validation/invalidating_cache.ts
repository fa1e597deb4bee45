/** Answers by key, and which of them each subject bears on. */
interface Generation<Value> {
  values: Map<string, Value>;
  /** Keys by subject. */
  keys: Map<string, Set<string>>;
}

function emptyGeneration<Value>(): Generation<Value> {
  return { values: new Map(), keys: new Map() };
}

/**
 * What the database said, for as long as it is known to hold. At most `limit`
 * answers, in two generations: when the young one is full the old one goes, which
 * costs a look-up nothing. While `isFresh` says no, nothing is remembered.
 */
export class InvalidatingCache<Value> {
  #young = emptyGeneration<Value>();
  #old = emptyGeneration<Value>();
  /** Counts changes, so that an answer read before one is not kept after it. */
  #changes = 0;

  constructor(private readonly limit: number, private readonly isFresh: () => boolean) {}

  get(key: string): Value | undefined {
    if (!this.isFresh()) return undefined;
    const value = this.#young.values.get(key);
    if (value !== undefined) return value;
    return this.#old.values.get(key);
  }

  /**
   * Asks `read` and remembers its answer, unless something changed meanwhile.
   * `subjects` names what the answer depends on.
   */
  async read(
    key: string,
    read: () => Promise<Value | undefined>,
    subjects: (value: Value) => readonly string[],
  ): Promise<Value | undefined> {
    const changes = this.#changes;
    const value = await read();
    if (value === undefined || changes !== this.#changes || !this.isFresh()) return value;
    if (this.#young.values.size >= this.limit / 2) {
      this.#old = this.#young;
      this.#young = emptyGeneration();
    }
    this.#young.values.set(key, value);
    for (const subject of subjects(value)) {
      const keys = this.#young.keys.get(subject);
      if (keys === undefined) this.#young.keys.set(subject, new Set([key]));
      else keys.add(key);
    }
    return value;
  }

  /** Forgets every answer that depends on `subject`. */
  invalidate(subject: string): void {
    this.#changes++;
    for (const { values, keys } of [this.#young, this.#old]) {
      for (const key of keys.get(subject) ?? []) values.delete(key);
      keys.delete(subject);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#changes++;
    this.#young = emptyGeneration();
    this.#old = emptyGeneration();
  }
}
