import { createHash, randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import type { Sql, Transaction } from "./db/connect.ts";

export interface AuditEvent {
  /** What happened, like `device.approved`. */
  event: string;
  /** Who did it: a user's or a client's id. */
  actor?: string;
  /** What it was done to. */
  subject?: string;
  address?: string;
  /** Further facts; never a secret. */
  details?: Record<string, string | number | boolean | null>;
}

/** Returns the id of the event. */
export async function recordAuditEvent(
  sql: Sql | Transaction,
  clock: Clock,
  event: AuditEvent,
): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into audit_events (id, occurred_at, event, actor, subject, address, details)
    values (
      ${id}, ${new Date(clock.now())}, ${event.event}, ${event.actor ?? null},
      ${event.subject ?? null}, ${event.address ?? null}, ${sql.json(event.details ?? {})}
    )`;
  return id;
}

/** Records the same event about each of `subjects`, in one statement. */
export async function recordAuditEvents(
  sql: Sql | Transaction,
  clock: Clock,
  { subjects, ...event }: Omit<AuditEvent, "subject"> & { subjects: readonly string[] },
): Promise<void> {
  const rows = subjects.map((subject) => ({ id: randomUUID(), subject }));
  await sql`
    insert into audit_events (id, occurred_at, event, actor, subject, address, details)
    select (value ->> 'id')::uuid, ${new Date(clock.now())}::timestamptz, ${event.event}::text,
      ${event.actor ?? null}::text, value ->> 'subject', ${event.address ?? null}::text,
      ${sql.json(event.details ?? {})}::jsonb
    from jsonb_array_elements(${sql.json(rows)})`;
}

/** Records events of one kind in one statement. */
export async function recordAuditEventBatch(
  sql: Sql | Transaction,
  clock: Clock,
  event: Pick<AuditEvent, "event" | "actor">,
  subjects: readonly Required<Pick<AuditEvent, "subject" | "details">>[],
): Promise<void> {
  const rows = subjects.map((row) => ({ ...row, id: randomUUID() }));
  await sql`
    insert into audit_events (id, occurred_at, event, actor, subject, details)
    select (value ->> 'id')::uuid, ${new Date(clock.now())}::timestamptz, ${event.event}::text,
      ${event.actor ?? null}::text, value ->> 'subject', value -> 'details'
    from jsonb_array_elements(${sql.json(rows)})`;
}

/** The details of an event of one kind, if it was recorded after `since`. */
export async function findAuditDetails(
  sql: Sql | Transaction,
  query: { id: string; event: string; since: Date },
): Promise<NonNullable<AuditEvent["details"]> | undefined> {
  const rows = await sql<{ details: NonNullable<AuditEvent["details"]> }[]>`
    select details from audit_events
    where id = ${query.id} and event = ${query.event} and occurred_at >= ${query.since}`;
  return rows[0]?.details;
}

/** A rejected identity token whose claims were recorded. */
export interface RecordedRejection {
  id: string;
  occurredAt: Date;
  details: NonNullable<AuditEvent["details"]>;
}

/** The newest rejections of tokens of an issuer that have claims. */
export async function recentRejections(
  sql: Sql,
  query: { issuer: string; since: Date; limit: number },
): Promise<RecordedRejection[]> {
  return await sql<RecordedRejection[]>`
    select id, occurred_at as "occurredAt", details from audit_events
    where event = 'workload.refused' and occurred_at >= ${query.since}
      and details ->> 'issuer' = ${query.issuer} and details ->> 'claims' is not null
    order by occurred_at desc limit ${query.limit}`;
}

/** A repeated event is counted in one row for this long, in ms. */
const REPEAT_WINDOW = 3_600_000;

/**
 * Records what a principal may do any number of times: the same event, by the same actor, to the
 * same subject, with the same details and from the same address is one row per hour, with `count`
 * and `last_at` in its details.
 */
export async function recordRepeatedAuditEvent(
  sql: Sql | Transaction,
  clock: Clock,
  event: AuditEvent,
): Promise<void> {
  const now = clock.now();
  const window = Math.floor(now / REPEAT_WINDOW);
  const { actor = null, subject = null, address = null, details = {} } = event;
  const key = JSON.stringify([window, event.event, actor, subject, address, details]);
  const id = createHash("sha256").update(key).digest("hex").slice(0, 32);
  const repeated = (count: number) => ({ count, last_at: new Date(now).toISOString() });
  await sql`
    insert into audit_events as e (id, occurred_at, event, actor, subject, address, details)
    values (
      ${id}::uuid, ${new Date(now)}, ${event.event}, ${actor}, ${subject}, ${address},
      ${sql.json({ ...details, ...repeated(1) })}
    )
    on conflict (id) do update set details = e.details || jsonb_build_object(
      'count', (e.details ->> 'count')::int + 1, 'last_at', excluded.details -> 'last_at'
    )`;
}

/** Deletes events from before `before`, at most `limit`; returns how many. */
export async function deleteOldAuditEvents(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from audit_events where id in (
      select id from audit_events where occurred_at < ${before} limit ${limit})`;
  return count;
}
