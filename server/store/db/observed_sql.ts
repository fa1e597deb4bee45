import type postgres from "postgres";
import type { Metrics } from "../../telemetry/metrics.ts";
import { sqlStateOf } from "./sql_state.ts";
import { inSpan, isTracing } from "../../telemetry/tracing.ts";

export type StatementMetrics = Pick<
  Metrics,
  "databaseStatementDuration" | "databaseStatementsInProgress" | "databaseErrors"
>;

const OPERATIONS = ["select", "insert", "update", "delete"] as const;
type Operation = typeof OPERATIONS[number] | "transaction" | "other";

/** What a statement does, for metrics and traces: never its text or its parameters. */
export interface StatementSummary {
  operation: Operation;
  /** Such as "SELECT users". */
  summary: string;
}

/**
 * Measures each statement and each transaction of `sql`, and traces them. Statements of a
 * transaction are parts of its time, but have spans of their own.
 */
export function observeStatements(sql: postgres.Sql, metrics: StatementMetrics): postgres.Sql {
  const observer = new StatementObserver(metrics);
  const begin = (...parameters: Parameters<typeof sql.begin>) => {
    const body = parameters.pop() as (tx: postgres.TransactionSql) => unknown;
    const observed = (tx: postgres.TransactionSql) =>
      body(isTracing() ? observeTemplates(tx, traceStatement) : tx);
    return observer.measure(
      TRANSACTION,
      () => sql.begin(...[...parameters, observed] as unknown as Parameters<typeof sql.begin>),
    );
  };
  const observed = observeTemplates(
    sql,
    (statement, run) => observer.measure(statement, run),
  );
  return new Proxy(observed, {
    get: (target, name) => name === "begin" ? begin : Reflect.get(target, name),
  });
}

const TRANSACTION: StatementSummary = { operation: "transaction", summary: "TRANSACTION" };

type Observe = <T>(statement: StatementSummary, run: () => Promise<T>) => Promise<T>;

class StatementObserver {
  constructor(private readonly metrics: StatementMetrics) {}

  async measure<T>(statement: StatementSummary, run: () => PromiseLike<T>): Promise<T> {
    const inProgress = this.metrics.databaseStatementsInProgress.with({});
    const startedAt = performance.now();
    inProgress.value++;
    try {
      return await traceStatement(statement, async () => await run());
    } catch (error) {
      this.metrics.databaseErrors.increase({ class: errorClass(error) });
      throw error;
    } finally {
      inProgress.value--;
      const seconds = (performance.now() - startedAt) / 1000;
      const { operation } = statement;
      this.metrics.databaseStatementDuration.observe({ operation }, seconds);
    }
  }
}

function traceStatement<T>({ summary }: StatementSummary, run: () => Promise<T>): Promise<T> {
  return inSpan(
    summary,
    { kind: "client", attributes: { "db.system.name": "postgresql", "db.query.summary": summary } },
    run,
  );
}

/** SQLSTATE has five characters, of which the first two are its class. */
function errorClass(error: unknown): string {
  return sqlStateOf(error)?.slice(0, 2) ?? "connection";
}

function observeTemplates<S extends postgres.Sql | postgres.TransactionSql>(
  sql: S,
  observe: Observe,
): S {
  return new Proxy(sql, {
    apply(target, _this, parameters: unknown[]) {
      const query = Reflect.apply(target, undefined, parameters);
      const [template] = parameters;
      if (!isTemplate(template)) return query;
      // A query runs when it is awaited; one that is a part of another query never runs separately.
      const run = query.then;
      let outcome: Promise<unknown> | undefined;
      query.then = ((...handlers: Parameters<Promise<unknown>["then"]>) => {
        outcome ??= observe(
          summarize(template),
          () => new Promise((resolve, reject) => run.call(query, resolve, reject)),
        );
        return outcome.then(...handlers);
      }) as typeof run;
      return query;
    },
  });
}

/** Whether postgres.js was called as a template tag, and not for an identifier or a list of values. */
function isTemplate(first: unknown): first is TemplateStringsArray {
  return Array.isArray(first) && "raw" in first;
}

/** Each statement of the source has one array. */
const summaries = new WeakMap<TemplateStringsArray, StatementSummary>();

function summarize(template: TemplateStringsArray): StatementSummary {
  let summary = summaries.get(template);
  if (summary === undefined) {
    summary = summarizeStatement(template.join(" "));
    summaries.set(template, summary);
  }
  return summary;
}

/** The first change that a statement makes, or else what it reads. */
export function summarizeStatement(text: string): StatementSummary {
  const terms = text.toLowerCase().split(/[\s(),;]+/).filter((term) => term !== "");
  const changes = terms[0] === "with" || terms[0] !== "select";
  const index = changes ? terms.findIndex((term, at) => isChange(terms, term, at)) : -1;
  if (index !== -1) {
    const operation = terms[index] as Operation;
    return describe(operation, terms[index + (operation === "update" ? 1 : 2)]);
  }
  if (terms[0] !== "select" && terms[0] !== "with") return describe("other", terms[0]);
  const from = terms.indexOf("from");
  return describe("select", from === -1 ? undefined : terms[from + 1]);
}

function isChange(terms: readonly string[], term: string, at: number): boolean {
  if (term === "insert") return terms[at + 1] === "into";
  if (term === "delete") return terms[at + 1] === "from";
  // `for update` and `on conflict do update` change nothing on their own.
  return term === "update" && terms[at - 1] !== "for" && terms[at - 1] !== "do";
}

function describe(operation: Operation, name: string | undefined): StatementSummary {
  const table = name !== undefined && /^[a-z_]+$/.test(name) ? ` ${name}` : "";
  return { operation, summary: `${operation.toUpperCase()}${table}` };
}
