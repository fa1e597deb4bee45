/**
 * The requests to a running server: well below the longest body that it reads, see admin/rpc.ts.
 * Each is one transaction.
 */
const MAX_BATCH_BYTES = 256 * 1024;
const MAX_BATCH_ENTRIES = 500;

/** Groups entries into batches. No more than one batch is in memory. */
export class BatchBuilder<Entry> {
  #entries: Entry[] = [];
  #bytes = 0;

  /** The batch that is full without `entry`, if it is. */
  add(entry: Entry): Entry[] | undefined {
    const bytes = new TextEncoder().encode(JSON.stringify(entry)).length;
    const isFull = this.#entries.length === MAX_BATCH_ENTRIES ||
      (this.#entries.length > 0 && this.#bytes + bytes > MAX_BATCH_BYTES);
    const full = isFull ? this.take() : undefined;
    this.#entries.push(entry);
    this.#bytes += bytes;
    return full;
  }

  take(): Entry[] {
    const entries = this.#entries;
    [this.#entries, this.#bytes] = [[], 0];
    return entries;
  }
}
