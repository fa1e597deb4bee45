/** Repeatable random decisions: the same seed makes the same ones. */
export class Random {
  #state: number;

  /** `parts` name what the decisions are about, such as a case and the number of a run. */
  constructor(seed: number, ...parts: readonly (string | number)[]) {
    // FNV-1a over the text: neighbouring runs get unrelated sequences.
    let hash = 0x811c9dc5;
    for (const char of [seed, ...parts].join("/")) {
      hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    }
    this.#state = hash >>> 0;
  }

  /** At least 0, less than 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)];
  }
}
