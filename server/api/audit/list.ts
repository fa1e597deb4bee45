import type * as z from "zod/mini";
import { decodeAuditCursor, encodeAuditCursor } from "../../audit/cursor.ts";
import { eventJson } from "../../audit/event_json.ts";
import { type ListedAuditEvent, toListedEvents } from "../../audit/listed_event.ts";
import { parseAuditTime } from "../../audit/parse_time.ts";
import { type AuditSearch, splitEventNames, toAuditFilter } from "../../audit/search.ts";
import { DomainError } from "../../domain_error.ts";
import { parseIpAddress } from "../../http/ip_address.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import { listAuditEvents, positionOf } from "../../store/audit_log/list.ts";
import { operation } from "../operation.ts";
import { auditEvent, auditEventList, auditEventListQuery } from "./schemas.ts";

const DEFAULT_LIMIT = 100;

export const listAuditEventsOperation = operation({
  method: "get",
  path: "/api/v1/audit-events",
  id: "listAuditEvents",
  summary: "List events of the audit log, newest first",
  description: "The filters are those of the command `admin audit` and of the page “Audit log”.",
  access: "audit_read",
  query: auditEventListQuery,
  response: { status: 200, description: "One page of events.", schema: auditEventList },
  problems: ["invalid", "not-found"],
  async handle({ sql, clock }, { query, user, client: { address } }) {
    const { cursor, limit = DEFAULT_LIMIT } = query;
    const after = cursor === undefined ? undefined : decodeAuditCursor(cursor);
    if (cursor !== undefined && after === undefined) {
      return invalid("cursor", "The cursor is not valid. Start with the first page.");
    }
    const search = toSearch(query, clock.now());
    if (search instanceof DomainError) return search;
    const filter = await toAuditFilter(sql, search);
    if (filter instanceof DomainError) return filter;
    const read = { event: "audit.read", actor: user.id, address, details: { interface: "REST" } };
    await recordRepeatedAuditEvent(sql, clock, read);
    const records = await listAuditEvents(sql, { ...filter, after, limit: limit + 1 });
    const page = records.slice(0, limit);
    return {
      events: (await toListedEvents(sql, page)).map(toResponse),
      next_cursor: records.length > limit ? encodeAuditCursor(positionOf(page.at(-1)!)) : null,
    };
  },
});

function toSearch(
  query: z.output<typeof auditEventListQuery>,
  now: number,
): AuditSearch | DomainError {
  const { event, actor, subject, result, address, request_id: requestId } = query;
  const ip = address === undefined ? undefined : parseIpAddress(address);
  if (address !== undefined && ip === undefined) {
    return invalid("address", "The address is not an IP address, such as 192.0.2.1.");
  }
  const times: Pick<AuditSearch, "since" | "until"> = {};
  for (const field of ["since", "until"] as const) {
    const text = query[field];
    if (text === undefined) continue;
    const time = parseAuditTime(text, now, "UTC");
    if (time === undefined) {
      return invalid(
        field,
        `The parameter ${field} is not valid. Use a time such as 2026-11-24T10:00:00Z or a ` +
          "duration such as 1h.",
      );
    }
    times[field] = time.toISOString();
  }
  return {
    ...{ ...times, actor, subject, result, address: ip, requestId },
    events: event === undefined ? undefined : splitEventNames(event),
  };
}

function invalid(field: string, message: string): DomainError {
  return new DomainError("invalid", message, { field });
}

function toResponse(event: ListedAuditEvent): z.output<typeof auditEvent> {
  const { actorName, actingFor, actingForName, subjectName, requestId, ...same } = eventJson(event);
  return {
    ...same,
    actor_name: actorName,
    acting_for: actingFor,
    acting_for_name: actingForName,
    subject_name: subjectName,
    request_id: requestId,
  };
}
