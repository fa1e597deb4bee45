/** What leaves the server as a file: lines of JSON, or CSV for a spreadsheet. */
import { escapeUnsafe } from "../../shared/sanitize.ts";
import { type AuditFilter, listAuditEvents, positionOf } from "../store/audit_log/list.ts";
import type { Sql } from "../store/db/connect.ts";
import { eventJson } from "./event_json.ts";
import { toListedEvents } from "./listed_event.ts";

export const EXPORT_FORMATS = ["jsonl", "csv"] as const;
export type ExportFormat = typeof EXPORT_FORMATS[number];

/** Events of one file, the newest. */
export const MAX_EXPORTED = 100_000;
/** Events in memory. */
const BATCH = 500;

/** The members of an event in JSON, in the same order. */
const CSV_COLUMNS = [
  "id",
  "time",
  "event",
  "result",
  "actor",
  "actorName",
  "actingFor",
  "actingForName",
  "subject",
  "subjectName",
  "address",
  "requestId",
  "replica",
  "seq",
  "details",
] as const;

/** Newest first, in pieces. */
export async function* exportEvents(
  sql: Sql,
  { filter, format, max = MAX_EXPORTED }: {
    filter: AuditFilter;
    format: ExportFormat;
    max?: number;
  },
): AsyncGenerator<string> {
  if (format === "csv") yield csvLine(CSV_COLUMNS);
  let after;
  for (let left = max; left > 0; left -= BATCH) {
    const limit = Math.min(left, BATCH);
    const records = await listAuditEvents(sql, { ...filter, after, limit });
    if (records.length === 0) return;
    const events = (await toListedEvents(sql, records)).map(eventJson);
    yield events.map((event) =>
      format === "csv"
        ? csvLine(CSV_COLUMNS.map((name) => csvText(event[name])))
        : `${escapeUnsafe(JSON.stringify(event))}\n`
    ).join("");
    if (records.length < limit) return;
    after = positionOf(records.at(-1)!);
  }
}

function csvText(value: unknown): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A line of CSV (RFC 4180). */
function csvLine(cells: readonly string[]): string {
  return `${
    cells.map((cell) => `"${neutral(escapeUnsafe(cell)).replaceAll('"', '""')}"`).join(",")
  }\r\n`;
}

/** A spreadsheet would evaluate text that starts like a formula. */
export function neutral(cell: string): string {
  return /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(cell) ? `'${cell}` : cell;
}
