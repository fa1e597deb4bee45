/** A write of the store, and the bare statement that it cannot do without. */
import type postgres from "postgres";

export interface WritePair {
  name: string;
  /** Called by many at the same time; throws if nothing was written. */
  store(): Promise<void>;
  bare(): Promise<void>;
}

/** Items that are written again and again, each by one call at a time. */
export class Pool<Item> {
  readonly #free: Item[];

  constructor(items: Iterable<Item>) {
    this.#free = [...items];
  }

  /** `change` may modify the item. */
  async use(change: (item: Item) => Promise<void>): Promise<void> {
    const item = this.#free.shift();
    if (item === undefined) throw new Error("more calls at a time than items");
    try {
      await change(item);
    } finally {
      this.#free.push(item);
    }
  }
}

/** Throws unless a bare statement has written one row. */
export function wroteOne({ count }: postgres.RowList<postgres.Row[]>): void {
  if (count !== 1) throw new Error(`a bare statement wrote ${count} rows`);
}
