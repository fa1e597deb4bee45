import { brand } from "../../../../shared/brand.ts";
import { isUuid } from "../../../../shared/uuid.ts";
import { EXPORT_FORMATS, exportEvents, type ExportFormat } from "../../../audit/export_events.ts";
import { toAuditFilter } from "../../../audit/search.ts";
import { DomainError } from "../../../domain_error.ts";
import { recordAuditEvent } from "../../../store/audit_events.ts";
import type { AuditFilter } from "../../../store/audit_log/list.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { errorPage, type PageError } from "../../http/error_page.tsx";
import { textStream } from "../../http/text_stream.ts";
import { holdingSlot, takeExportSlot } from "./export_slots.ts";
import { auditUrl, readAuditView, toAuditSearch } from "./view.ts";

const RETRY_AFTER_SECONDS = 10;
const CONTENT_TYPES: Record<ExportFormat, string> = {
  jsonl: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};

/** GET /admin/audit/export: the events that the list is filtered by, as a download. */
export async function downloadAuditLog(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const format = EXPORT_FORMATS.find((format) => format === c.get("query")("format")) ?? "jsonl";
  const view = readAuditView(c);
  const search = toAuditSearch(view, clock.now());
  const filter = Array.isArray(search) ? undefined : await toAuditFilter(sql, search);
  // The list says what is wrong.
  if (filter === undefined || filter instanceof DomainError) return c.redirect(auditUrl(view), 303);
  const { id: userId } = signedInSession(c).user;
  const release = takeExportSlot(userId);
  if (release === undefined) return await errorPage(deps, c, tooManyExports());
  // No one reads the body of a response to HEAD.
  if (c.req.method === "HEAD") release();
  const event = {
    event: "audit.exported",
    actor: userId,
    address: c.get("requester").address,
    details: { format, ...describeFilter(filter) },
  };
  await recordAuditEvent(sql, clock, event).catch((error) => {
    release();
    throw error;
  });
  const pieces = holdingSlot(exportEvents(sql, { filter, format }), release);
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  return c.body(textStream(deps, c, pieces), 200, {
    "content-type": CONTENT_TYPES[format],
    "content-disposition": `attachment; filename="${brand.binaryName}-audit-${day}.${format}"`,
  });
}

function tooManyExports(): PageError {
  return {
    code: "unavailable",
    id: "too_many_exports",
    title: "Other exports are still running",
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    children: <p>Wait until they are downloaded, or cancel one, and export again.</p>,
  };
}

/** Only what was recognized: a user may have pasted anything. */
function describeFilter(
  { since, until, actors, subjects, events, result, address, requestId }: AuditFilter,
): Record<string, string> {
  const described = {
    since: since?.toISOString(),
    until: until?.toISOString(),
    actor: actors?.find(isUuid),
    subject: subjects?.find(isUuid),
    event: events?.filter((name) => /^[a-z_.*]{1,60}$/.test(name)).join(" "),
    result,
    address,
    request: requestId !== undefined && isUuid(requestId) ? requestId : undefined,
  };
  return Object.fromEntries(
    Object.entries(described).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
