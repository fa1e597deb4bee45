import { pause } from "../../../../shared/deadline.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import { AUDIT_PAGE, type AuditPage, type AuditPlace } from "../../../admin/audit_operations.ts";
import type { OperationParams, OperationResult } from "../../../admin/operations.ts";
import { callAdminRpc } from "../../../admin/rpc.ts";
import type { OperationSession } from "../../../admin/run_operation.ts";
import type { ListedAuditEvent } from "../../../audit/listed_event.ts";
import type { AuditSearch } from "../../../audit/search.ts";
import type { ServerConfig } from "../../../config/server_config.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import type { TailCursor } from "../../../store/audit_log/tail.ts";
import { describeFailure, reportDomainError, reportUsage } from "../../failure.ts";
import { adminSession } from "../command.ts";
import { type AuditOptions, readAuditOptions } from "./options.ts";
import { adminAuditWhy } from "./why.ts";
import { EventPrinter } from "./print_events.ts";
import { databaseOf } from "../../options.ts";

const DEFAULT_LIMIT = { shown: 100, followed: 10 };
/** How often the log is asked for what is new, and a server that does not answer. */
const POLL_MS = 1000;

/** `admin audit` */
export async function adminAudit(options: AuditOptions, io: ServerIo): Promise<number> {
  const { follow = false, json, why } = options;
  if (why !== undefined) return await adminAuditWhy(why, options, io);
  const read = readAuditOptions(options, io.clock.now());
  if ("problem" in read) return reportUsage(read.problem, io);
  const { search } = read;
  const limit = read.limit ??
    (search.since !== undefined
      ? undefined
      : follow
      ? DEFAULT_LIMIT.followed
      : DEFAULT_LIMIT.shown);
  return await adminSession(databaseOf(options), io, async (session, settings) => {
    const printer = new EventPrinter(options, io);
    const start = follow ? await session.run("followAuditLog", { search }) : undefined;
    if (start instanceof DomainError) return reportDomainError(start, io);
    const past = await printPast(session, printer, { search, limit, cursor: start?.cursor }, io);
    if (past instanceof DomainError) return reportDomainError(past, io);
    if (start === undefined) {
      if (past.count === 0 && !json) io.stderr("No event matches.\n");
      return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
    }
    const isEmbedded = settings.databaseUrl === undefined;
    // The server must be able to open the embedded database, even if it starts only now.
    if (isEmbedded) await session[Symbol.asyncDispose]();
    const read = isEmbedded
      ? throughServer(settings, search)
      : (cursor: TailCursor) => session.run("followAuditLog", { search, cursor });
    return await followLog(read, printer, start.cursor, past.early, io);
  });
}

/**
 * Prints what was recorded up to the cursor: the newest `limit` events, or all of them page by page.
 * `early`: ids of printed events that the log will bring again after the cursor.
 */
async function printPast(
  session: OperationSession,
  printer: EventPrinter,
  { search, limit, cursor }: { search: AuditSearch; limit?: number; cursor?: TailCursor },
  io: ServerIo,
): Promise<{ count: number; early: Set<string> } | DomainError> {
  const early = new Set<string>();
  const gaps = (cursor?.gaps ?? []).map(({ from, to }) => [BigInt(from), BigInt(to)]);
  const noteEarly = (events: readonly ListedAuditEvent[]) => {
    for (const { id, seq } of events) {
      const number = BigInt(seq);
      if (gaps.some(([from, to]) => number >= from && number <= to)) early.add(id);
    }
  };
  const order = limit === undefined ? "oldest first" : "newest first";
  const newest: ListedAuditEvent[] = [];
  let count = 0;
  let after: AuditPlace | undefined;
  do {
    const page: AuditPage | DomainError = await session.run("readAuditLog", {
      ...{ search, order, after, maxSeq: cursor?.seq },
      limit: Math.min(AUDIT_PAGE, (limit ?? Infinity) - newest.length),
    });
    if (page instanceof DomainError) return page;
    noteEarly(page.events);
    count += page.events.length;
    if (limit !== undefined) newest.push(...page.events);
    else if (!printer.print(page.events)) break;
    after = page.next ?? undefined;
  } while (after !== undefined && newest.length < (limit ?? Infinity) && !io.signal.aborted);
  printer.print(newest.reverse());
  return { count, early };
}

type FollowResult = OperationResult<"followAuditLog">;

/** Undefined while no server runs. */
function throughServer(config: ServerConfig, search: AuditSearch) {
  return async (cursor: TailCursor): Promise<FollowResult | undefined> => {
    const params: OperationParams<"followAuditLog"> = { search, cursor };
    const response = await callAdminRpc(config.dataDir, "followAuditLog", params, () => {});
    return response?.result as FollowResult | undefined;
  };
}

/** Prints what is new until Ctrl-C, and waits for a server or a database that does not answer. */
async function followLog(
  read: (cursor: TailCursor) => Promise<FollowResult | undefined>,
  printer: EventPrinter,
  first: TailCursor,
  early: Set<string>,
  io: ServerIo,
): Promise<number> {
  let cursor = first;
  let isInterrupted = false;
  while (!io.signal.aborted) {
    let page: FollowResult | undefined;
    let reason = "the server is not running";
    try {
      page = await read(cursor);
    } catch (error) {
      reason = describeFailure(error).replace(/\.$/, "");
    }
    if (page instanceof DomainError) return reportDomainError(page, io);
    if (page === undefined) {
      if (!isInterrupted) io.stderr(`Waiting: ${sanitizeLine(reason, 500)}.\n`);
      isInterrupted = true;
    } else {
      if (isInterrupted) io.stderr("The audit log can be read again.\n");
      isInterrupted = false;
      cursor = page.cursor;
      const events = page.events.filter(({ id }) => !early.delete(id));
      if (!printer.print(events)) return EXIT.ok;
      if (!page.isDone) continue;
    }
    await pause(POLL_MS, io.signal);
  }
  return EXIT.ok;
}
