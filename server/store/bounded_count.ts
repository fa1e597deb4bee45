import type postgres from "postgres";
import { MAX_COUNTED } from "../../shared/bounded_count.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** A query that counts the rows of another one, up to one more than MAX_COUNTED. */
export function boundedCount(sql: Sql | Transaction, rows: postgres.PendingQuery<postgres.Row[]>) {
  return sql`(select count(*)::int from (${rows} limit ${MAX_COUNTED + 1}) counted)`;
}
