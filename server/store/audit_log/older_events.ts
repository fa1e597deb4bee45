/**
 * The table audit_events, to which programs before migration 0029 write. A trigger copies what they
 * write to the audit log.
 */
import type { Sql } from "../db/connect.ts";

/** Copies the next older events to the audit log, newest first. Returns how many; 0 when done. */
export async function copyOlderEvents(
  sql: Sql,
  { since, limit }: { since: Date; limit: number },
): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select copy_audit_events(${since}, ${limit}) as count`;
  return count;
}

/** Deletes events from before `before`, at most `limit`; returns how many. */
export async function deleteOlderEvents(sql: Sql, before: Date, limit: number): Promise<number> {
  const { count } = await sql`
    delete from audit_events where ctid = any(array(
      select ctid from audit_events where occurred_at < ${before} limit ${limit}))`;
  return count;
}
