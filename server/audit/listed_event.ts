import type { Sql } from "../store/db/connect.ts";
import type { AuditRecord } from "../store/audit_log/list.ts";
import { describeAuditIds, type NamedId } from "../store/audit_log/names.ts";

/** Who or what an event names. */
export interface AuditParty {
  id: string;
  /** Null if it does not exist any more, and if the id is a name itself. */
  kind: NamedId["kind"] | null;
  name: string | null;
  /** Whose login or browser it is. */
  userId: string | null;
}

/** An event as commands, pages and the REST interface show it. */
export interface ListedAuditEvent
  extends Omit<AuditRecord, "occurredAt" | "actor" | "actingFor" | "subject"> {
  time: string;
  actor: AuditParty | null;
  actingFor: AuditParty | null;
  subject: AuditParty | null;
}

/** Adds the names of those who still exist. */
export async function toListedEvents(
  sql: Sql,
  records: readonly AuditRecord[],
): Promise<ListedAuditEvent[]> {
  const ids = records.flatMap(({ actor, actingFor, subject }) => [actor, actingFor, subject])
    .filter((id) => id !== null);
  const named = new Map((await describeAuditIds(sql, ids)).map((party) => [party.id, party]));
  const party = (id: string | null): AuditParty | null =>
    id === null ? null : named.get(id) ?? { id, kind: null, name: null, userId: null };
  return records.map(({ occurredAt, actor, actingFor, subject, ...record }) => ({
    ...record,
    time: occurredAt.toISOString(),
    actor: party(actor),
    actingFor: party(actingFor),
    subject: party(subject),
  }));
}
