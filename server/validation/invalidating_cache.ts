interface Generation<Value> {
  values: Map<string, Value>;
  /** Keys of the values that depend on each subject. */
  keys: Map<string, Set<string>>;
}

function emptyGeneration<Value>(): Generation<Value> {
  return { values: new Map(), keys: new Map() };
}

/**
 * A cache of what the database returned, whose entries are invalidated by subject, such as
 * `token:<id>`. It holds at most `limit` values, in two generations: when the newer one is full,
 * the older one is dropped, which costs a look-up nothing. While `isFresh` returns false,
 * changes may have gone unnoticed, so nothing is read from the cache or added to it.
 */
export class InvalidatingCache<Value> {
  #newer = emptyGeneration<Value>();
  #older = emptyGeneration<Value>();
  /** Counts invalidations, so that a value that was read before one is not added after it. */
  #invalidations = 0;
  /** Look-ups that returned a value, and those that did not: for metrics. */
  readonly lookups = { hit: 0, miss: 0 };

  constructor(
    private readonly limit: number,
    private readonly isFresh: (now?: number) => boolean,
  ) {}

  get size(): number {
    return this.#newer.values.size + this.#older.values.size;
  }

  /** `now` is what `performance.now()` has just returned, if the caller has called it. */
  get(key: string, now?: number): Value | undefined {
    const value = this.isFresh(now)
      ? this.#newer.values.get(key) ?? this.#older.values.get(key)
      : undefined;
    if (value === undefined) this.lookups.miss++;
    else this.lookups.hit++;
    return value;
  }

  /** The value, even if changes may have gone unnoticed: see `database_outage_grace`. */
  remembered(key: string): Value | undefined {
    return this.#newer.values.get(key) ?? this.#older.values.get(key);
  }

  /**
   * Calls `read` and adds its value, unless something was invalidated meanwhile. `subjects`
   * returns what the value depends on.
   */
  async read(
    key: string,
    read: () => Promise<Value | undefined>,
    subjects: (value: Value) => readonly string[],
  ): Promise<Value | undefined> {
    const invalidations = this.#invalidations;
    const value = await read();
    if (value === undefined || invalidations !== this.#invalidations || !this.isFresh()) {
      return value;
    }
    if (this.#newer.values.size >= this.limit / 2) {
      this.#older = this.#newer;
      this.#newer = emptyGeneration();
    }
    this.#newer.values.set(key, value);
    for (const subject of subjects(value)) {
      const keys = this.#newer.keys.get(subject);
      if (keys === undefined) this.#newer.keys.set(subject, new Set([key]));
      else keys.add(key);
    }
    return value;
  }

  /** Removes every value that depends on `subject`. */
  invalidate(subject: string): void {
    this.#invalidations++;
    for (const { values, keys } of [this.#newer, this.#older]) {
      for (const key of keys.get(subject) ?? []) values.delete(key);
      keys.delete(subject);
    }
  }

  clear(): void {
    this.#invalidations++;
    this.#newer = emptyGeneration();
    this.#older = emptyGeneration();
  }
}
