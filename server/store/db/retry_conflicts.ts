import type postgres from "postgres";
import type { StatementQueue } from "./statement_queue.ts";

/** Our own code, for connections that were abandoned before the statement was sent. */
export const CONNECTION_RETIRED = "CONNECTION_RETIRED";

/**
 * Errors after which nothing has happened and another attempt may succeed. After
 * serialization_failure and deadlock_detected the transaction was rolled back for the sake of
 * others (PostgreSQL documentation, "Serialization Failure Handling"); after
 * read_only_sql_transaction the next attempt uses another connection.
 */
const RETRIED_CODES = ["40001", "40P01", "25006", CONNECTION_RETIRED];
const ATTEMPTS = 5;
/**
 * Longest pause before the second attempt. It doubles, and is random so that two do not conflict
 * again.
 */
const MAX_PAUSE_MS = 20;

/** Of this process, by cause: for metrics. */
export const statementRetries = { conflict: 0, read_only: 0, connection: 0 };

function countRetry(code: string): void {
  if (code === "25006") statementRetries.read_only++;
  else if (code === CONNECTION_RETIRED) statementRetries.connection++;
  else statementRetries.conflict++;
}

/**
 * Retries what lost a conflict, or its connection before it was sent, a few times: each single
 * statement, and each transaction of `sql.begin`. The body of a transaction may therefore run more
 * than once, and must do nothing that a rollback does not undo: no mail, no request, no change to
 * outer variables. A statement within a transaction is not retried separately. `refusal`
 * returns why nothing should be attempted now; each attempt waits for its turn in `queue`.
 */
export function retryConflicts(
  sql: postgres.Sql,
  { refusal = () => undefined, queue }: {
    refusal?: () => Error | undefined;
    queue?: Pick<StatementQueue, "run">;
  } = {},
): postgres.Sql {
  const retryInTurn = <T>(attempt: () => PromiseLike<T>): Promise<T> =>
    retry(async () => {
      const error = refusal();
      if (error !== undefined) return await rejectSoon(error);
      return await (queue === undefined ? attempt() : queue.run(attempt));
    });
  const begin = (...parameters: Parameters<typeof sql.begin>) =>
    retryInTurn(() => sql.begin(...parameters));
  return new Proxy(sql, {
    get: (target, name) => name === "begin" ? begin : Reflect.get(target, name),
    apply(target, _this, parameters: Parameters<typeof sql>) {
      const query = target(...parameters);
      if (!isStatement(parameters[0])) return query;
      // A query runs when it is awaited; one that is a part of another query never runs separately.
      const run = query.then;
      let first = true;
      let outcome: Promise<unknown> | undefined;
      query.then = ((...handlers: Parameters<typeof run>) => {
        outcome ??= retryInTurn(() => {
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

/**
 * Whether postgres.js was called as a template tag, and not for an identifier or a list of values.
 */
function isStatement(first: unknown): boolean {
  return Array.isArray(first) && "raw" in first;
}

/** After other events, which a caller that tries again at once would otherwise hold up. */
function rejectSoon(error: Error): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(error), 0));
}

async function retry<T>(attempt: () => PromiseLike<T>): Promise<T> {
  for (let count = 1;; count++) {
    try {
      return await attempt();
    } catch (error) {
      const { code } = Object(error) as { code?: string };
      if (!RETRIED_CODES.includes(code ?? "") || count === ATTEMPTS) throw error;
      countRetry(code!);
      const pause = Math.random() * MAX_PAUSE_MS * 2 ** count;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
