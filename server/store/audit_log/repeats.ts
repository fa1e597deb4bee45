/** Counts of events that are repeated, see recordRepeatedAuditEvent. */
import type { Sql, Transaction } from "../db/connect.ts";

/**
 * Records how often events were repeated in hours that are over: at the time of the last, with
 * `count` of those after the first. Handles at most `limit` counts; returns how many.
 */
export async function appendRepeatedEvents(
  sql: Sql | Transaction,
  { now, replica, limit }: { now: Date; replica: string; limit: number },
): Promise<number> {
  const { count } = await sql`
    with due as (
      delete from audit_repeats where ctid = any(array(
        select ctid from audit_repeats where ends_at <= ${now} order by ends_at limit ${limit}
        for update skip locked
      )) returning *
    ), appended as (
      insert into audit_log (
        id, occurred_at, event, actor, acting_for, subject, address, result, replica, details
      )
      select gen_random_uuid(), last_at, event, actor, acting_for, subject, address, result,
        ${replica}::uuid,
        details || jsonb_build_object('count', count,
          'last_at', to_char(last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      from due where count > 0
      order by last_at
    )
    select from due`;
  return count;
}

/** Ends the hours of all counts at once, so that what they say is in the log. */
export async function appendAllRepeatedEvents(
  tx: Transaction,
  replica: string,
): Promise<void> {
  const all = { now: new Date("9999-12-31T00:00:00Z"), replica, limit: 1000 };
  while (await appendRepeatedEvents(tx, all) === all.limit);
}
