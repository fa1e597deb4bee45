/** Appends to the audit log. What reads, seals and removes its rows is in audit_log/. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { currentRequest, replicaId } from "../request_context.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { storableText } from "./storable_text.ts";

/** What came of it: it was done, it was not allowed, or it did not work. */
export type AuditResult = "ok" | "refused" | "failed";

export interface AuditEvent {
  /** What happened, like `device.approved`. */
  event: string;
  /** Who did it: a user's or a client's id. */
  actor?: string;
  /** On whose behalf, if on that of another account: its id. */
  actingFor?: string;
  /** What it was done to. */
  subject?: string;
  /** Default: of the request that is being handled. */
  address?: string;
  /** Default: what the name of the event says. */
  result?: AuditResult;
  /** Further facts; never a secret. */
  details?: Record<string, string | number | boolean | null>;
}

const REFUSED = /(?:refused|rejected|denied|throttled|restricted|replayed|_unknown)$/;

function resultOf({ event, result }: AuditEvent): AuditResult {
  return result ?? (event.endsWith("failed") ? "failed" : REFUSED.test(event) ? "refused" : "ok");
}

/** Texts of requests are among them, often cut to a length. */
export function storableDetails(
  details: AuditEvent["details"] = {},
): NonNullable<AuditEvent["details"]> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) =>
      [name, typeof value === "string" ? storableText(value) : value] as const
    ),
  );
}

let recorded = 0;

/** How many statements of this process have recorded events, so that an idle one need not look. */
export function recordedEvents(): number {
  return recorded;
}

/** The columns of a row that do not depend on its subject; counts it in `recordedEvents`. */
export function columnsOf(event: AuditEvent, clock: Clock) {
  recorded++;
  const request = currentRequest();
  // An agent that acts for the actor is who did it.
  const agent = request?.agent?.actsFor === event.actor ? request?.agent : undefined;
  return {
    at: new Date(clock.now()),
    event: event.event,
    actor: agent?.name ?? event.actor ?? null,
    actingFor: event.actingFor ?? agent?.actsFor ?? null,
    address: event.address ?? request?.address?.() ?? null,
    result: resultOf(event),
    requestId: request?.requestId ?? null,
    replica: replicaId(),
  };
}

/** Returns the id of the event. */
export async function recordAuditEvent(
  sql: Sql | Transaction,
  clock: Clock,
  event: AuditEvent,
): Promise<string> {
  const id = randomUUID();
  const row = columnsOf(event, clock);
  await sql`
    insert into audit_log (
      id, occurred_at, event, actor, acting_for, subject, address, result, request_id, replica,
      details
    ) values (
      ${id}, ${row.at}, ${row.event}, ${row.actor}, ${row.actingFor}, ${event.subject ?? null},
      ${row.address}, ${row.result}, ${row.requestId}, ${row.replica},
      ${sql.json(storableDetails(event.details))}
    )`;
  return id;
}

/** Records the same event about each of `subjects`, in one statement. */
export async function recordAuditEvents(
  sql: Sql | Transaction,
  clock: Clock,
  { subjects, details = {}, ...event }: Omit<AuditEvent, "subject"> & {
    subjects: readonly string[];
  },
): Promise<void> {
  await recordAuditEventBatch(
    sql,
    clock,
    event,
    subjects.map((subject) => ({ subject, details })),
  );
}

/** Records events of one kind in one statement. */
export async function recordAuditEventBatch(
  sql: Sql | Transaction,
  clock: Clock,
  event: Omit<AuditEvent, "subject" | "details">,
  subjects: readonly Required<Pick<AuditEvent, "subject" | "details">>[],
): Promise<void> {
  const row = columnsOf(event, clock);
  const rows = subjects.map(({ subject, details }) => ({
    subject,
    details: storableDetails(details),
    id: randomUUID(),
  }));
  await sql`
    insert into audit_log (
      id, occurred_at, event, actor, acting_for, subject, address, result, request_id, replica,
      details
    )
    select (value ->> 'id')::uuid, ${row.at}::timestamptz, ${row.event}::text, ${row.actor}::text,
      ${row.actingFor}::text, value ->> 'subject', ${row.address}::text, ${row.result}::text,
      ${row.requestId}::text, ${row.replica}::uuid, value -> 'details'
    from jsonb_array_elements(${sql.json(rows)})`;
}

/** The details of an event of one kind, if it was recorded after `since`. */
export async function findAuditDetails(
  sql: Sql | Transaction,
  query: { id: string; event: string; since: Date },
): Promise<NonNullable<AuditEvent["details"]> | undefined> {
  const rows = await sql<{ details: NonNullable<AuditEvent["details"]> }[]>`
    select details from audit_log
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
    select id, occurred_at as "occurredAt", details from audit_log
    where event = 'workload.refused' and occurred_at >= ${query.since}
      and details ->> 'issuer' = ${query.issuer} and details ->> 'claims' is not null
    order by occurred_at desc, seq desc limit ${query.limit}`;
}
