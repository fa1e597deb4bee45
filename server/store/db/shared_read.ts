import { inTurnOf } from "../../request_context.ts";
import type { Sql } from "./connect.ts";

/** The line of the reads, which are for many. */
const LINE = () => "shared reads";

/**
 * Reads once for all who ask while an earlier read is under way. No one waits for others otherwise,
 * and no one gets what was read before they asked.
 */
export class SharedRead<T> {
  #running?: Promise<T>;
  #next?: Promise<T>;

  constructor(private readonly read: () => Promise<T>) {}

  get(): Promise<T> {
    if (this.#running === undefined) return this.#start();
    const start = () => {
      this.#next = undefined;
      return this.#start();
    };
    return this.#next ??= this.#running.then(start, start);
  }

  #start(): Promise<T> {
    const running = inTurnOf(LINE, this.read);
    const done = () => {
      if (this.#running === running) this.#running = undefined;
    };
    this.#running = running;
    running.then(done, done);
    return running;
  }
}

/** Shares a read, which is the same for all requests, for each database. */
export function sharedPerDatabase<T>(read: (sql: Sql) => Promise<T>): (sql: Sql) => Promise<T> {
  const all = new WeakMap<Sql, SharedRead<T>>();
  return (sql) => {
    let shared = all.get(sql);
    if (shared === undefined) all.set(sql, shared = new SharedRead(() => read(sql)));
    return shared.get();
  };
}
