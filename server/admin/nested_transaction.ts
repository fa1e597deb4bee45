import type { Sql, Transaction } from "../store/db/connect.ts";

/**
 * A transaction for use cases that begin another: it becomes a savepoint in this one, so that a
 * failure undoes only what the use case did.
 */
export function nestedTransaction(tx: Transaction): Sql {
  const begin = (work: (tx: Transaction) => Promise<unknown>) => tx.savepoint(work);
  return new Proxy(tx as unknown as Sql, {
    get: (target, name) => name === "begin" ? begin : Reflect.get(target, name),
  });
}
