import type postgres from "postgres";

/** Our own code, of connections that are given up: nothing of the statement was sent. */
export const CONNECTION_RETIRED = "CONNECTION_RETIRED";

/**
 * After these nothing has happened, and another attempt may succeed. Of
 * serialization_failure and deadlock_detected the transaction was undone as a whole
 * for the sake of others (PostgreSQL documentation, "Serialization Failure Handling");
 * after read_only_sql_transaction the next attempt has another connection.
 */
const REPEATED = ["40001", "40P01", "25006", CONNECTION_RETIRED];
const ATTEMPTS = 5;
/** Longest pause before the second attempt, in ms; it doubles. Random, so that two do not meet again. */
const PAUSE = 20;

/**
 * Runs again what lost a conflict, or its connection before it began, a few times: each single statement, and each
 * transaction of `sql.begin`. The body of a transaction may therefore run more than
 * once, and must do nothing that the database does not undo: no mail, no request, no
 * variable outside of it. A statement within a transaction is not run again by itself.
 */
export function retryConflicts(sql: postgres.Sql): postgres.Sql {
  const begin = (...parameters: Parameters<typeof sql.begin>) =>
    repeated(() => sql.begin(...parameters));
  return new Proxy(sql, {
    get: (target, name) => name === "begin" ? begin : Reflect.get(target, name),
    apply(target, _this, parameters: Parameters<typeof sql>) {
      const query = target(...parameters);
      if (!isStatement(parameters[0])) return query;
      // A query runs once it is awaited; one that becomes part of another never does.
      const run = query.then;
      let first = true;
      let outcome: Promise<unknown> | undefined;
      query.then = ((...handlers: Parameters<typeof run>) => {
        outcome ??= repeated(() => {
          if (!first) return target(...parameters);
          first = false;
          return run.call(query, (rows) => rows);
        });
        return outcome.then(...handlers as Parameters<typeof outcome.then>);
      }) as typeof run;
      return query;
    },
  });
}

/** Whether postgres.js was called as a template's tag, and not for an identifier or a list of values. */
function isStatement(first: unknown): boolean {
  return Array.isArray(first) && "raw" in first;
}

async function repeated<T>(attempt: () => PromiseLike<T>): Promise<T> {
  for (let count = 1;; count++) {
    try {
      return await attempt();
    } catch (error) {
      const { code } = Object(error) as { code?: string };
      if (!REPEATED.includes(code ?? "") || count === ATTEMPTS) throw error;
      const pause = Math.random() * PAUSE * 2 ** count;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
