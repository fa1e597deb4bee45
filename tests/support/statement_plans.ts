/** The plans of the statements that tests ran, on a server with pg_stat_statements. */
import type postgres from "postgres";

/** A part of a plan that reads a table without a condition on an index. */
export interface Scan {
  table: string;
  /** As EXPLAIN names it: `Seq Scan`. */
  node: string;
  index?: string;
}

/** A statement that the product may have run, not one of a migration or a driver. */
const IS_RECORDED = "query ~* '^\\s*(select|insert|update|delete|with)\\M' " +
  "and query !~ 'pg_catalog\\.pg_|pg_stat_statements'";

/** Prepares the database `postgres` of a server that was started with `statistics`. */
async function createRecords(sql: postgres.Sql): Promise<void> {
  await sql`create extension if not exists pg_stat_statements`;
  await sql`create table if not exists recorded_statements (hash text primary key, query text not null)`;
}

/**
 * Keeps what tests ran in databases that they have dropped, and makes room: there is a limit to the
 * statements that the server counts, in each database.
 */
export async function keepStatements(sql: postgres.Sql): Promise<void> {
  await createRecords(sql);
  const dropped = await sql<{ id: string }[]>`
    select distinct dbid::text as id from pg_stat_statements
    where dbid not in (select oid from pg_database)`;
  if (dropped.length === 0) return;
  const ids = sql(dropped.map(({ id }) => id));
  await sql`
    insert into recorded_statements
    select distinct on (md5(query)) md5(query), query from pg_stat_statements
    where dbid::text in ${ids} and ${sql.unsafe(IS_RECORDED)}
    on conflict do nothing`;
  await sql`
    select pg_stat_statements_reset(0, oid::oid, 0)
    from unnest(${dropped.map(({ id }) => id)}::text[]) as oid`;
}

/** Statements in the order of their text, with `$1` for values and constants. */
export async function recordedStatements(sql: postgres.Sql): Promise<string[]> {
  await createRecords(sql);
  const rows = await sql<{ query: string }[]>`
    select query from pg_stat_statements where ${sql.unsafe(IS_RECORDED)}
    union select query from recorded_statements
    order by query`;
  return rows.map(({ query }) => query);
}

/**
 * Returns the scans of a statement that read a whole table, or why it cannot be explained. The plan
 * is that of a prepared statement, whose values are not known (PostgreSQL 16).
 */
export async function wholeScans(
  sql: postgres.Sql | postgres.TransactionSql,
  statement: string,
): Promise<Scan[] | string> {
  // Constants that have no parameter in their place.
  let text = statement
    .replace(/\binterval \$\d+/g, "interval '1 day'")
    .replace(/\bextract\(\$\d+ from/g, "extract(epoch from");
  for (;;) {
    try {
      const [row] = await sql.unsafe(`explain (generic_plan, format json) ${text}`);
      const [{ Plan }] = row["QUERY PLAN"] as [{ Plan: PlanNode }];
      return [...scansOf(Plan, false)];
    } catch (error) {
      const typed = withType(text, (error as Error).message);
      if (typed === undefined) return (error as Error).message;
      text = typed;
    }
  }
}

/** The text with the parameter of which PostgreSQL does not know the type as text. */
function withType(text: string, message: string): string | undefined {
  const [, parameter] = /could not determine data type of parameter \$(\d+)/.exec(message) ?? [];
  if (parameter === undefined || text.includes(`$${parameter}::text`)) return undefined;
  return text.replace(new RegExp(`\\$${parameter}(?!\\d)`, "g"), `$${parameter}::text`);
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  "Recheck Cond"?: string;
  "TID Cond"?: string;
  Filter?: string;
  Plans?: PlanNode[];
}

/**
 * `limited`: below a LIMIT that stops the scan of an index in its order, and any scan that returns
 * each row it reads: the planner would read the first rows of the table, if it were allowed to.
 */
function* scansOf(node: PlanNode, limited: boolean): Generator<Scan> {
  const type = node["Node Type"];
  const table = node["Relation Name"];
  if (table !== undefined && /Scan$/.test(type)) {
    const usesIndex = node["Index Cond"] !== undefined || node["Recheck Cond"] !== undefined ||
      node["TID Cond"] !== undefined;
    const stopped = limited && (type.startsWith("Index") || node.Filter === undefined);
    if (!usesIndex && !stopped) yield { table, node: type, index: node["Index Name"] };
  }
  // A sort or a hash reads all of its input before it returns a row.
  const stops = type === "Limit" || (limited && STREAMING.has(type));
  for (const child of node.Plans ?? []) yield* scansOf(child, stops);
}

const STREAMING = new Set([
  "Limit",
  "LockRows",
  "Nested Loop",
  "Result",
  "Subquery Scan",
  "Append",
  "Merge Append",
  "Incremental Sort",
]);
