/** Events that a principal may cause any number of times: the first is recorded, the others counted. */
import { createHash, randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { type AuditEvent, columnsOf, storableDetails } from "./audit_events.ts";
import { boundUnattributed } from "./audit_log/unattributed.ts";
import { batchesPerDatabase } from "./db/batched_writes.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** A repeated event is counted for this long, in ms. */
const HOUR_MS = 3_600_000;
/** For what each login does several times an hour. */
export const DAY_MS = 24 * HOUR_MS;

/** A row of `audit_repeats`, and what the row of the log has besides. */
interface Occurrence {
  id: string;
  endsAt: Date;
  at: Date;
  event: string;
  actor: string | null;
  actingFor: string | null;
  subject: string | null;
  address: string | null;
  result: string;
  replica: string;
  details: NonNullable<AuditEvent["details"]>;
  requestId: string | null;
}

/**
 * Records what a principal may do any number of times. The same event, by the same actor, to the
 * same subject, with the same details and from the same address is recorded once, and counted for
 * the rest of the hour or another window: appendRepeatedEvents records how often it happened again.
 * Without an actor, a network of IPv6 is one address, and after many addresses all are one.
 *
 * Outside of a transaction, the commit of a count does not wait for the disk; that of the first
 * event does.
 */
export async function recordRepeatedAuditEvent(
  sql: Sql | Transaction,
  clock: Clock,
  event: AuditEvent,
  windowMs = HOUR_MS,
): Promise<void> {
  const row = columnsOf(event, clock);
  const { subject = null } = event;
  const details = storableDetails(event.details);
  const window = Math.floor(row.at.getTime() / windowMs);
  const bound = row.actor === null ? boundUnattributed({ ...row, window }) : undefined;
  const address = bound === undefined ? row.address : bound.address;
  const source = bound === undefined ? row.address : bound.network;
  const key = [window, row.event, row.actor, subject, source, details, row.actingFor];
  const occurrence = {
    ...row,
    id: createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 32),
    endsAt: new Date((window + 1) * windowMs),
    ...{ subject, address, details },
  };
  const isFirst = "savepoint" in sql
    ? await recordOne(sql, occurrence, true)
    : await occurrences(sql).write(occurrence);
  if (isFirst) bound?.added();
}

const occurrences = batchesPerDatabase<Occurrence, boolean>({
  key: ({ id }) => id,
  writeSingle: (sql, occurrence) => recordOne(sql, occurrence, false),
  writeTogether: recordMany,
});

/** Returns whether it was the first. `waits`: for the disk, since other changes commit with it. */
async function recordOne(
  sql: Sql | Transaction,
  { id, endsAt, at, event, requestId, replica, details, ...row }: Occurrence,
  waits: boolean,
): Promise<boolean> {
  const [{ is_first }] = await sql<{ is_first: boolean }[]>`
    with counted as (
      insert into audit_repeats as r (
        id, ends_at, event, actor, acting_for, subject, address, result, replica, details, count,
        last_at
      ) values (
        ${id}::uuid, ${endsAt}, ${event}, ${row.actor}, ${row.actingFor}, ${row.subject},
        ${row.address}, ${row.result}, ${replica}, ${sql.json(details)}, 0, ${at}
      )
      on conflict (id) do update set
        count = r.count + 1, last_at = greatest(r.last_at, excluded.last_at)
      returning *
    ), recorded as (
      insert into audit_log (
        id, occurred_at, event, actor, acting_for, subject, address, result, request_id, replica,
        details
      )
      select ${randomUUID()}::uuid, last_at, event, actor, acting_for, subject, address, result,
        ${requestId}::text, replica, details
      from counted where count = 0
    )
    select count = 0 as is_first,
      case when count > 0 and not ${waits}::boolean
        then set_config('synchronous_commit', 'off', true) end
    from counted`;
  return is_first;
}

/** The same for many, which are different events. */
async function recordMany(sql: Sql, occurrences: readonly Occurrence[]): Promise<boolean[]> {
  const rows = occurrences.map((occurrence, n) => ({
    n,
    entry: randomUUID(),
    id: occurrence.id,
    ends_at: occurrence.endsAt,
    at: occurrence.at,
    event: occurrence.event,
    actor: occurrence.actor,
    acting_for: occurrence.actingFor,
    subject: occurrence.subject,
    address: occurrence.address,
    result: occurrence.result,
    replica: occurrence.replica,
    details: occurrence.details,
    request_id: occurrence.requestId,
  }));
  const written = await sql<{ n: number; is_first: boolean }[]>`
    with occurred as materialized (
      select * from jsonb_to_recordset(${sql.json(rows as never)}::jsonb) as o (
        n int, entry uuid, id uuid, ends_at timestamptz, at timestamptz, event text, actor text,
        acting_for text, subject text, address text, result text, replica uuid, details jsonb,
        request_id text
      )
    ), counted as (
      insert into audit_repeats as r (
        id, ends_at, event, actor, acting_for, subject, address, result, replica, details, count,
        last_at
      )
      select id, ends_at, event, actor, acting_for, subject, address, result, replica, details, 0,
        at
      -- In one order, so that no two replicas wait for each other.
      from occurred order by id
      on conflict (id) do update set
        count = r.count + 1, last_at = greatest(r.last_at, excluded.last_at)
      returning *
    ), firsts as (
      select o.*, c.last_at from occurred o join counted c on c.id = o.id where c.count = 0
    ), recorded as (
      insert into audit_log (
        id, occurred_at, event, actor, acting_for, subject, address, result, request_id, replica,
        details
      )
      select entry, last_at, event, actor, acting_for, subject, address, result, request_id,
        replica, details
      from firsts order by n
    )
    select o.n, c.count = 0 as is_first,
      case when sum((c.count = 0)::int) over () = 0
        then set_config('synchronous_commit', 'off', true) end
    from occurred o join counted c on c.id = o.id`;
  const results = new Array<boolean>(occurrences.length);
  for (const { n, is_first } of written) results[n] = is_first;
  return results;
}
