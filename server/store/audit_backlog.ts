import type { Sql } from "./db/connect.ts";

/** More events than this are not counted. */
const MAX_COUNTED = 1000;

/** Events that wait to be sealed: for metrics. */
export async function auditBacklog(
  sql: Sql,
): Promise<{ events: number; oldestSeconds: number }> {
  const [row] = await sql<{ events: number; oldest_seconds: number }[]>`
    select count(*)::int as events,
      coalesce(greatest(extract(epoch from clock_timestamp() - min(occurred_at)), 0), 0)::float8
        as oldest_seconds
    from (
      select occurred_at from audit_log
      where chain is null and replica is not null limit ${MAX_COUNTED}
    ) as unsealed`;
  return { events: row.events, oldestSeconds: row.oldest_seconds };
}
