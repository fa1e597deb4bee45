import type { ListedAuditEvent } from "./listed_event.ts";

/** An event in JSON, as docs/schemas/admin-audit.schema.json describes it. */
export function eventJson(
  { actor, actingFor, subject, details, ...event }: ListedAuditEvent,
) {
  const { time, event: name, result, address, requestId, replica, id, seq } = event;
  return {
    ...{ id, time, event: name, result },
    actor: actor?.id ?? null,
    actorName: actor?.name ?? null,
    actingFor: actingFor?.id ?? null,
    actingForName: actingFor?.name ?? null,
    subject: subject?.id ?? null,
    subjectName: subject?.name ?? null,
    ...{ address, requestId, replica, seq: Number(seq), details },
  };
}
