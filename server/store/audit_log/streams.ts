/**
 * How far each target of `audit_stream` has received the audit log, and which replica delivers to
 * it: as with periodic tasks (../housekeeping.ts), by a lease in a row.
 */
import type { Sql, Transaction } from "../db/connect.ts";
import type { TailCursor } from "./tail.ts";

export interface StreamLease {
  target: string;
  /** Id of the replica. */
  holder: string;
  leaseMs: number;
}

type StreamHolder = Pick<StreamLease, "target" | "holder">;

export interface StreamPosition {
  cursor: TailCursor;
  /** Of the last line that was delivered; empty before the first. */
  signature: string;
}

export async function hasStream(sql: Sql, target: string): Promise<boolean> {
  const rows = await sql`select from audit_streams where target = ${target}`;
  return rows.length > 0;
}

/** Adds a target, unless another replica has. */
export async function addStream(sql: Sql, target: string, cursor: TailCursor): Promise<void> {
  await sql`
    insert into audit_streams (target, cursor) values (${target}, ${json(sql, cursor)})
    on conflict (target) do nothing`;
}

/** Takes the lease, or extends it. Returns undefined if another replica has it. */
export async function leaseStream(
  sql: Sql,
  { target, holder, leaseMs }: StreamLease,
): Promise<StreamPosition & { missed: boolean } | undefined> {
  const rows = await sql<(StreamPosition & { missed: boolean })[]>`
    update audit_streams
    set holder = ${holder}, lease_until = now() + make_interval(secs => ${leaseMs / 1000})
    where target = ${target} and (holder is null or holder = ${holder} or lease_until < now()
      or lease_until > now() + interval '1 hour')
    returning cursor, signature, missed > 0 as missed`;
  return rows[0];
}

/**
 * Records what the target has accepted after the line with the signature `previous`. Returns false
 * if another replica has taken the lease, or the database has an older state by now.
 */
export async function advanceStream(
  sql: Sql,
  { target, holder, leaseMs }: StreamLease,
  previous: string,
  { cursor, signature }: StreamPosition,
): Promise<boolean> {
  const { count } = await sql`
    update audit_streams
    set cursor = ${json(sql, cursor)}, signature = ${signature}, delivered_at = now(),
      failing_since = null, error = null,
      lease_until = now() + make_interval(secs => ${leaseMs / 1000})
    where target = ${target} and holder = ${holder} and signature = ${previous}`;
  return count === 1;
}

export async function recordStreamFailure(
  sql: Sql,
  { target, holder }: StreamHolder,
  error: string,
): Promise<void> {
  await sql`
    update audit_streams
    set failing_since = coalesce(failing_since, now()), error = ${error}
    where target = ${target} and holder = ${holder}`;
}

export async function releaseStream(sql: Sql, { target, holder }: StreamHolder): Promise<void> {
  await sql`
    update audit_streams set holder = null, lease_until = null
    where target = ${target} and holder = ${holder}`;
}

/** Counts the events of a week that are removed before they were delivered. */
export async function countMissedEvents(tx: Transaction, week: Date): Promise<void> {
  await tx`
    update audit_streams s
    set missed = s.missed + m.events, missed_to = m.last
    from (
      select t.target, count(*) as events, max(e.seq) as last
      from audit_streams t
        join audit_log e on e.seq > greatest((t.cursor ->> 'seq')::bigint, t.missed_to)
      where e.occurred_at >= ${week}
        and e.occurred_at < ${week}::timestamptz + interval '7 days'
      group by t.target
    ) m
    where m.target = s.target`;
}

/** The number of removed events since this was last called. */
export async function takeMissedEvents(
  tx: Transaction,
  { target, holder }: StreamHolder,
): Promise<number> {
  const rows = await tx<{ missed: number }[]>`
    with missed as (
      select target, missed from audit_streams
      where target = ${target} and holder = ${holder} for update
    )
    update audit_streams s set missed = 0 from missed m where s.target = m.target
    returning m.missed::int as missed`;
  return rows[0]?.missed ?? 0;
}

export interface StreamState {
  target: string;
  failing: boolean;
  /** Why the last delivery failed. */
  error: string | null;
  /** Age of the oldest event that was not delivered, by the clock of the database. */
  lagSeconds: number;
}

export async function listStreams(sql: Sql, targets: readonly string[]): Promise<StreamState[]> {
  if (targets.length === 0) return [];
  return await sql<StreamState[]>`
    select target, failing_since is not null as failing, error,
      coalesce((
        select greatest(extract(epoch from clock_timestamp() - e.occurred_at), 0)
        from audit_log e where e.seq > (s.cursor ->> 'seq')::bigint order by e.seq limit 1
      ), 0)::float8 as "lagSeconds"
    from audit_streams s where target in ${sql([...targets])} order by target`;
}

function json(sql: Sql, cursor: TailCursor) {
  return sql.json(cursor as unknown as Parameters<typeof sql.json>[0]);
}
