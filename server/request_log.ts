/** What the log says about requests. */
import { tokenKinds } from "../shared/tokens/kinds.ts";
import { requestPath } from "./http/request_target.ts";
import { requestId } from "./http/request_id.ts";
import type { Log, LogFields } from "./log.ts";
import { DatabaseUnreachable } from "./store/db/postgres_dial.ts";
import { DatabaseBusy } from "./store/db/statement_queue.ts";
import { activeTraceId, parseTraceParent } from "./telemetry/tracing.ts";
import { normalizeUserCode } from "./tokens/user_code.ts";

export function requestFields(request: Request): LogFields {
  const { method, url } = request;
  return {
    method,
    path: loggedPath(requestPath(url)),
    request_id: requestId(request),
    trace_id: traceIdOf(request),
  };
}

/** Of the trace that the request is a part of: with OpenTelemetry, or as a proxy passed it on. */
function traceIdOf({ headers }: Request): string | undefined {
  const header = headers.get("traceparent");
  return activeTraceId() ?? (header === null ? undefined : parseTraceParent(header)?.traceId);
}

/** Longest segment of our paths: a UUID. */
const MAX_SEGMENT_LENGTH = 36;

/**
 * A path without what may be a secret in the wrong place: after an encoded question mark, or a token
 * or user code that was pasted into the address.
 */
export function loggedPath(path: string): string {
  const [plain] = /^[\w./~-]*/.exec(path)!;
  const segments = plain.split("/").map((segment) => isSecretLike(segment) ? "…" : segment);
  return `${segments.join("/")}${plain === path ? "" : "…"}`;
}

function isSecretLike(segment: string): boolean {
  return segment.length > MAX_SEGMENT_LENGTH || normalizeUserCode(segment) !== undefined ||
    tokenKinds.some(({ prefix }) => segment.startsWith(prefix));
}

/** Logs an error that a client gets as a temporary problem. */
export function logFailure(log: Log, event: string, error: unknown, fields: LogFields = {}): void {
  const { name, message } = error as Error;
  // The server logs database_unreachable or overloaded once, instead of every request.
  const isKnown = error instanceof DatabaseUnreachable || error instanceof DatabaseBusy;
  const level = isKnown ? "debug" : "error";
  log(level, event, { ...fields, error: name, reason: message });
}
