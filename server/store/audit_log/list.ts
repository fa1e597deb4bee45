/** Searches the audit log, page by page. */
import type { AuditEvent, AuditResult } from "../audit_events.ts";
import type { Sql, Transaction } from "../db/connect.ts";

/** An event as it is stored. */
export interface AuditRecord {
  id: string;
  /** In the order of insertion, as a decimal number; "0" of events that were copied. */
  seq: string;
  occurredAt: Date;
  event: string;
  actor: string | null;
  /** On whose behalf the actor acted. */
  actingFor: string | null;
  subject: string | null;
  address: string | null;
  result: AuditResult;
  requestId: string | null;
  /** The process that recorded it. */
  replica: string | null;
  details: NonNullable<AuditEvent["details"]>;
}

/** What events must have, all of it. */
export interface AuditFilter {
  since?: Date;
  /** Exclusive. */
  until?: Date;
  /** One of these ids or names, as who did it or on whose behalf. */
  actors?: readonly string[];
  /** One of these ids or names. */
  subjects?: readonly string[];
  /** One of these names, in which `*` stands for any text. */
  events?: readonly string[];
  result?: AuditResult;
  address?: string;
  requestId?: string;
}

/** The place of an event in the log, which is sorted by time. */
export interface AuditPosition {
  at: Date;
  seq: string;
  id: string;
}

export interface AuditQuery extends AuditFilter {
  order?: "newest first" | "oldest first";
  /** Only events that follow the one at this place, in that order. */
  after?: AuditPosition;
  /** Only events with this number or a lower one. */
  maxSeq?: string;
  limit: number;
}

export function positionOf({ occurredAt, seq, id }: AuditRecord): AuditPosition {
  return { at: occurredAt, seq, id };
}

export async function listAuditEvents(
  sql: Sql | Transaction,
  { order = "newest first", after, maxSeq, limit, ...filter }: AuditQuery,
): Promise<AuditRecord[]> {
  const isDescending = order === "newest first";
  const place = after && sql`(${after.at}::timestamptz, ${after.seq}::bigint, ${after.id}::uuid)`;
  return await sql<AuditRecord[]>`
    select ${auditColumns(sql)} from audit_log
    where ${auditCondition(sql, filter)}
      ${maxSeq === undefined ? sql`` : sql`and audit_log.seq <= ${maxSeq}::bigint`}
      ${
    place === undefined
      ? sql``
      // The times too, so that partitions are skipped.
      : isDescending
      ? sql`and occurred_at <= ${after!.at} and (occurred_at, audit_log.seq, id) < ${place}`
      : sql`and occurred_at >= ${after!.at} and (occurred_at, audit_log.seq, id) > ${place}`
  }
    order by ${
    isDescending
      ? sql`occurred_at desc, audit_log.seq desc, id desc`
      : sql`occurred_at, audit_log.seq, id`
  }
    limit ${limit}`;
}

/** Of a row of audit_log as an AuditRecord. */
export function auditColumns(sql: Sql | Transaction) {
  return sql`id, seq::text as seq, occurred_at as "occurredAt", event, actor,
    acting_for as "actingFor", subject, address, result, request_id as "requestId", replica,
    details`;
}

/** Whether a row of audit_log is what the filter asks for. */
export function auditCondition(sql: Sql | Transaction, filter: AuditFilter) {
  const { since, until, actors, subjects, events, result, address, requestId } = filter;
  return sql`true
    ${since === undefined ? sql`` : sql`and occurred_at >= ${since}`}
    ${until === undefined ? sql`` : sql`and occurred_at < ${until}`}
    ${
    actors === undefined
      ? sql``
      : sql`and (actor in ${sql([...actors])} or acting_for in ${sql([...actors])})`
  }
    ${subjects === undefined ? sql`` : sql`and subject in ${sql([...subjects])}`}
    ${events === undefined ? sql`` : sql`and (${isAnyOf(sql, events)})`}
    ${
    result === undefined ? sql`` : result === "ok"
      ? sql`and result = 'ok'`
      // As the index has it.
      : sql`and result = ${result} and result <> 'ok'`
  }
    ${address === undefined ? sql`` : sql`and address = ${address}`}
    ${requestId === undefined ? sql`` : sql`and request_id = ${requestId}`}`;
}

function isAnyOf(sql: Sql | Transaction, globs: readonly string[]) {
  return globs.reduce(
    (others, glob) => sql`${others} or event like ${likePattern(glob)}`,
    sql`false`,
  );
}

function likePattern(glob: string): string {
  return glob.replace(/[\\%_]/g, "\\$&").replaceAll("*", "%");
}
