import type { Sql } from "../db/connect.ts";

/** Where the log begins, by the numbers of its events. */
export interface LogBeginning {
  /** The lowest number in the log, or the next one that will be given; as a decimal number. */
  first: string;
  /** Whether retention has removed events. */
  isShortened: boolean;
}

export async function readLogBeginning(sql: Sql): Promise<LogBeginning> {
  const [row] = await sql<LogBeginning[]>`
    select coalesce(
        (select l.seq from audit_log l where l.seq > 0 order by l.seq limit 1),
        (select case when is_called then last_value + 1 else last_value end from audit_log_seq)
      )::text as first,
      exists (select from audit_chains where dropped_at is not null) as "isShortened"`;
  return row;
}
