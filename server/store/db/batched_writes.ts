import { AsyncLocalStorage } from "node:async_hooks";
import { currentLine, inTurnOf } from "../../request_context.ts";
import { Batches, type Waiting } from "./batches.ts";
import type { Sql } from "./connect.ts";
import { sqlStateOf } from "./sql_state.ts";
import { DatabaseBusy } from "./statement_queue.ts";

/** Statements in progress, of each kind: as many as reads have; up to four clients lose nothing. */
const MAX_RUNNING = 4;
/** Items in one statement. */
const MAX_ITEMS = 100;
/** Items that wait for a statement. */
const MAX_WAITING = 1000;
/** Longest wait: as in StatementQueue. */
const MAX_WAIT_MS = 15_000;
/** Time between two looks for items that have waited too long. */
const SWEEP_INTERVAL_MS = 500;
/** The line of the batches, which are for many. */
const LINE = () => "batched writes";

/** What can be written one by one, or many together. */
export interface WriteKind<Item, Result> {
  /** Of the row that an item writes: no statement writes to a row twice. */
  key(item: Item): string;
  /** Writes one item, with the statement that has no overhead for others. */
  writeSingle(sql: Sql, item: Item): Promise<Result>;
  /**
   * Writes items, sorted by key, in one statement: all statements lock rows in the same order.
   * Undefined for an item that was left out and has to be written on its own.
   */
  writeTogether(sql: Sql, items: readonly Item[]): Promise<(Result | undefined)[]>;
  /** Longest wait for a statement, in ms. */
  maxWaitMs?: number;
}

interface PendingWrite<Item, Result> extends Waiting<Item> {
  resolve(result: Result): void;
  reject(error: unknown): void;
  /** Calls a function in the context of the request, for traces. */
  inContext<T>(call: () => T): T;
}

/**
 * Writes what arrives together in one statement. An item goes at once, separately, while fewer than
 * four statements are in progress; what arrives meanwhile goes together when one of them is done,
 * without any timer. Items with the same key are written in their order. A write is committed before
 * its promise resolves, and fails only for its own reasons.
 */
export class BatchedWrites<Item, Result> {
  readonly #waiting = new Batches<Item, PendingWrite<Item, Result>>();
  /** Those that are being written. */
  readonly #keys = new Set<string>();
  #running = 0;
  #sweep?: ReturnType<typeof setInterval>;

  constructor(private readonly sql: Sql, private readonly kind: WriteKind<Item, Result>) {}

  async write(item: Item): Promise<Result> {
    const key = this.kind.key(item);
    if (this.#running >= MAX_RUNNING || this.#keys.has(key)) return await this.#enqueue(key, item);
    this.#running++;
    this.#keys.add(key);
    try {
      return await this.kind.writeSingle(this.sql, item);
    } finally {
      this.#running--;
      this.#keys.delete(key);
      this.#next();
    }
  }

  #enqueue(key: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(currentLine(), {
        key,
        item,
        since: performance.now(),
        resolve,
        reject,
        inContext: AsyncLocalStorage.snapshot(),
      });
      if (this.#waiting.size > MAX_WAITING) this.#waiting.takeOldest()?.reject(new DatabaseBusy());
      this.#sweep ??= this.#startSweeping();
    });
  }

  #next(): void {
    while (this.#running < MAX_RUNNING && this.#waiting.size > 0) {
      const batch = this.#waiting.take(MAX_ITEMS, this.#keys)
        .sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
      if (batch.length === 0) return;
      this.#running++;
      for (const { key } of batch) this.#keys.add(key);
      const write = () => inTurnOf(LINE, () => this.#write(batch));
      void batch[0].inContext(write).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  /** Never rejects. */
  async #write(batch: readonly PendingWrite<Item, Result>[]): Promise<void> {
    if (batch.length === 1) return await this.#writeSingle(batch[0]);
    let results: (Result | undefined)[];
    try {
      results = await this.kind.writeTogether(this.sql, batch.map(({ item }) => item));
    } catch (error) {
      if (!concernsItems(error)) {
        return batch.forEach((write) => this.#settle(write, () => write.reject(error)));
      }
      // In halves, so that a single bad item costs the others a few statements and not a hundred.
      const middle = batch.length >> 1;
      await this.#write(batch.slice(0, middle));
      return await this.#write(batch.slice(middle));
    }
    batch.forEach((write, index) => {
      const result = results[index];
      if (result !== undefined) return this.#settle(write, () => write.resolve(result));
      // Not as a part of the batch: it may wait for a lock, and others must not wait for it.
      void this.#writeSingle(write).finally(() => this.#next());
    });
  }

  #writeSingle(write: PendingWrite<Item, Result>): Promise<void> {
    return write.inContext(() => this.kind.writeSingle(this.sql, write.item)).then(
      (result) => this.#settle(write, () => write.resolve(result)),
      (error) => this.#settle(write, () => write.reject(error)),
    );
  }

  #settle({ key }: PendingWrite<Item, Result>, settle: () => void): void {
    this.#keys.delete(key);
    settle();
  }

  #startSweeping(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => {
      const earliest = performance.now() - (this.kind.maxWaitMs ?? MAX_WAIT_MS);
      for (const { reject } of this.#waiting.takeOverdue(earliest)) reject(new DatabaseBusy());
      if (this.#waiting.size > 0) return;
      clearInterval(timer);
      this.#sweep = undefined;
    }, SWEEP_INTERVAL_MS);
    Deno.unrefTimer(timer);
    return timer;
  }
}

/**
 * Classes of SQLSTATE that do not depend on what is written: connections, resources, limits,
 * an operator who intervenes, and the system (PostgreSQL documentation, appendix A).
 */
const OF_THE_DATABASE = ["08", "25", "53", "54", "57", "58", "F0", "XX"];

/** Whether PostgreSQL rejected the statement, and so changed nothing, for what an item has. */
function concernsItems(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && !OF_THE_DATABASE.includes(state.slice(0, 2));
}

/** Batches of each kind, for each database. */
export function batchesPerDatabase<Item, Result>(
  kind: WriteKind<Item, Result>,
): (sql: Sql) => BatchedWrites<Item, Result> {
  const all = new WeakMap<Sql, BatchedWrites<Item, Result>>();
  return (sql) => {
    let writes = all.get(sql);
    if (writes === undefined) all.set(sql, writes = new BatchedWrites(sql, kind));
    return writes;
  };
}
