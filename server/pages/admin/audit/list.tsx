import { brand } from "../../../../shared/brand.ts";
import { decodeAuditCursor, encodeAuditCursor } from "../../../audit/cursor.ts";
import { MAX_EXPORTED } from "../../../audit/export_events.ts";
import { type ListedAuditEvent, toListedEvents } from "../../../audit/listed_event.ts";
import { toAuditFilter } from "../../../audit/search.ts";
import { DomainError } from "../../../domain_error.ts";
import { type AuditFilter, listAuditEvents, positionOf } from "../../../store/audit_log/list.ts";
import type { PageContext } from "../../context.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { ErrorSummary, Field, formTitle } from "../../ui/form_field.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { AuditTable } from "./table.tsx";
import {
  AUDIT_PATH,
  auditUrl,
  type AuditView,
  exportUrl,
  hasToken,
  HISTORY_PATH,
  isFiltered,
  MAX_PARAMETER,
  readAuditView,
  RESULTS,
  toAuditSearch,
} from "./view.ts";

const PAGE_LENGTH = 50;
const TITLE = "Audit log";

/** GET /admin/audit: what happened, newest first. It changes nothing, so that it can be linked to. */
export async function showAuditLog(deps: PageDeps, c: PageContext): Promise<Response> {
  const view = readAuditView(c);
  if (hasToken(c)) return c.redirect(auditUrl(view), 303);
  const search = toAuditSearch(view, deps.clock.now());
  const filter = Array.isArray(search) ? search : await toAuditFilter(deps.sql, search);
  const problems = filter instanceof DomainError
    ? [toFormProblem(filter)]
    : Array.isArray(filter)
    ? filter
    : [];
  const page = filter instanceof DomainError || Array.isArray(filter)
    ? undefined
    : await readPage(deps, filter, view);
  // Retention has removed them, or someone typed the cursor.
  if (page?.events.length === 0 && (view.after ?? view.before) !== undefined) {
    return c.redirect(auditUrl(firstPage(view)), 303);
  }
  return await renderPage(deps, c, {
    name: "audit",
    title: formTitle(TITLE, problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <PageHeading
          title={TITLE}
          lead="What happened on this server: who did what, from where, and what came of it."
          actions={<a class="button" href={HISTORY_PATH}>History of a token or login</a>}
        />
        <ErrorSummary problems={problems} />
        <SearchFields view={view} problems={problems} />
        {page !== undefined && <Events page={page} view={view} />}
      </main>
    ),
  });
}

interface AuditListPage {
  events: readonly ListedAuditEvent[];
  newer?: AuditView;
  older?: AuditView;
}

async function readPage(
  { sql }: PageDeps,
  filter: AuditFilter,
  view: AuditView,
): Promise<AuditListPage> {
  const isBackward = view.before !== undefined;
  const cursor = view.before ?? view.after;
  const start = cursor === undefined ? undefined : decodeAuditCursor(cursor);
  if (cursor !== undefined && start === undefined) return { events: [] };
  const rows = await listAuditEvents(sql, {
    ...filter,
    order: isBackward ? "oldest first" : "newest first",
    after: start,
    limit: PAGE_LENGTH + 1,
  });
  const hasMore = rows.length > PAGE_LENGTH;
  const records = rows.slice(0, PAGE_LENGTH);
  if (isBackward) records.reverse();
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return { events: [] };
  return {
    events: await toListedEvents(sql, records),
    newer: (isBackward ? hasMore : start !== undefined)
      ? { ...firstPage(view), before: encodeAuditCursor(positionOf(first)) }
      : undefined,
    older: isBackward || hasMore
      ? { ...firstPage(view), after: encodeAuditCursor(positionOf(last)) }
      : undefined,
  };
}

function firstPage(view: AuditView): AuditView {
  return { ...view, after: undefined, before: undefined };
}

function SearchFields({ view, problems }: { view: AuditView; problems: readonly FormProblem[] }) {
  const text = { maxlength: MAX_PARAMETER, autocapitalize: "none", autocomplete: "off" } as const;
  return (
    <form class="search fields-grid" method="get" action={AUDIT_PATH} role="search">
      <TextField
        {...{ id: "event", label: "Event", hint: "Such as token.* or *.failed", problems }}
        {...{ ...text, value: view.event, spellcheck: false }}
      />
      <TextField
        {...{ id: "actor", label: "Actor", hint: "E-mail address, name or id", problems }}
        {...{ ...text, value: view.actor, spellcheck: false }}
      />
      <TextField
        {...{ id: "subject", label: "Subject", hint: "Also the prefix of a token", problems }}
        {...{ ...text, value: view.subject, spellcheck: false }}
      />
      <Field id="result" label="Result" problems={problems}>
        <select id="result" name="result">
          <option value="">Any result</option>
          {RESULTS.map(([result, label]) => (
            <option value={result} selected={result === view.result}>{label}</option>
          ))}
        </select>
      </Field>
      <TextField
        {...{ id: "since", label: "Since", hint: "Such as 1h, 7d or 2026-11-24 10:00", problems }}
        {...{ ...text, value: view.since, spellcheck: false }}
      />
      <TextField
        {...{ id: "until", label: "Until", hint: "In UTC if it names no zone", problems }}
        {...{ ...text, value: view.until, spellcheck: false }}
      />
      <TextField
        {...{ id: "address", label: "IP address", problems }}
        {...{ ...text, value: view.address, spellcheck: false }}
      />
      <TextField
        {...{ id: "request", label: "Request id", problems }}
        {...{ ...text, value: view.request, spellcheck: false }}
      />
      <div class="buttons">
        <button type="submit">Search</button>
        {isFiltered(view) && <a href={AUDIT_PATH}>Show all events</a>}
      </div>
    </form>
  );
}

function Events(
  { page: { events, newer, older }, view }: { page: AuditListPage; view: AuditView },
) {
  if (events.length === 0) {
    return (
      <EmptyState
        id="no-events"
        title={isFiltered(view) ? "No events match your search." : "No events yet."}
      />
    );
  }
  return (
    <>
      <AuditTable events={events} />
      {(newer ?? older) !== undefined && (
        <nav class="pages" aria-label="Pages">
          {newer !== undefined && <a href={auditUrl(firstPage(view))}>Newest events</a>}
          <span>
            {newer !== undefined && <a href={auditUrl(newer)} rel="prev">Newer events</a>}
            {older !== undefined && <a href={auditUrl(older)} rel="next">Older events</a>}
          </span>
        </nav>
      )}
      <h2>Export</h2>
      <p>
        {isFiltered(view) ? "The events that match the search" : "All events"}
        {`, at most the newest ${MAX_EXPORTED.toLocaleString("en-US")}. For more, use `}
        <code>{`${brand.binaryName} admin audit --since 90d --json`}</code>. Each export is recorded
        in the audit log.
      </p>
      <p class="buttons">
        <a class="button" href={exportUrl(view, "jsonl")}>Export as JSON lines</a>{" "}
        <a class="button" href={exportUrl(view, "csv")}>Export as CSV</a>
      </p>
    </>
  );
}
