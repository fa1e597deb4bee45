/** What waits for a batch. */
export interface Waiting<Item> {
  /** Of what it writes: a batch has each key once. */
  key: string;
  item: Item;
  since: number;
}

/**
 * Items that wait to be written together. A batch takes those of all lines in turn, so that a client
 * with many does not hold up the others, each line in its order. An item whose key is in the batch
 * already, or is being written, waits for a later one, and so does the rest of its line.
 */
export class Batches<Item, W extends Waiting<Item> = Waiting<Item>> {
  /** By line, in the order of their turns; each oldest first. */
  #lines = new Map<string, W[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(line: string, waiting: W): void {
    const items = this.#lines.get(line);
    if (items === undefined) this.#lines.set(line, [waiting]);
    else items.push(waiting);
    this.#size++;
  }

  /** At most `limit` items, without those whose keys are `busy`. */
  take(limit: number, busy: ReadonlySet<string>): W[] {
    const batch = new Map<string, W>();
    const held = new Map<string, W[]>();
    while (batch.size < limit && this.#lines.size > 0) {
      const [name, line] = this.#lines.entries().next().value!;
      this.#lines.delete(name);
      if (batch.has(line[0].key) || busy.has(line[0].key)) {
        held.set(name, line);
        continue;
      }
      const first = line.shift()!;
      batch.set(first.key, first);
      this.#size--;
      // Behind the others.
      if (line.length > 0) this.#lines.set(name, line);
    }
    if (held.size > 0) this.#lines = new Map([...held, ...this.#lines]);
    return [...batch.values()];
  }

  /** Takes the oldest of the longest line: its client is the likeliest to have given up. */
  takeOldest(): W | undefined {
    let longest: [string, W[]] | undefined;
    for (const entry of this.#lines) {
      if (longest === undefined || entry[1].length > longest[1].length) longest = entry;
    }
    return longest && this.#shift(...longest);
  }

  /** Takes what has waited since before `time`. */
  takeOverdue(time: number): W[] {
    const overdue: W[] = [];
    for (const [name, line] of [...this.#lines]) {
      while (line.length > 0 && line[0].since < time) overdue.push(this.#shift(name, line));
    }
    return overdue;
  }

  #shift(name: string, line: W[]): W {
    const first = line.shift()!;
    this.#size--;
    if (line.length === 0) this.#lines.delete(name);
    return first;
  }
}
