/**
 * Spans of OpenTelemetry, once `startTracing` was called; until then each function here costs one
 * comparison. Names and attributes come from the program and never from a client: no path, query,
 * address or parameter. docs/decisions/0036-telemetry.md says why these are not the runtime's own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { Sampler } from "./trace_sampler.ts";

/** As OTLP numbers them. */
export const SPAN_KINDS = { internal: 1, server: 2, client: 3 } as const;

/** Names of the semantic conventions of OpenTelemetry, and our own. */
export type SpanAttributes = Partial<
  & Record<"http.response.status_code", number>
  & Record<
    | "http.request.method"
    | "http.route"
    | "error.type"
    | "server.address"
    | "db.system.name"
    | "db.query.summary"
    | "oauth.grant_type"
    | "oauth.error"
    | "login.decision",
    string
  >
>;

export interface SpanContext {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

export interface Span extends SpanContext {
  parentSpanId?: string;
  name: string;
  kind: keyof typeof SPAN_KINDS;
  /** In ms since 1970, with fractions. */
  startedAt: number;
  endedAt: number;
  attributes: SpanAttributes;
  links: SpanContext[];
  failed: boolean;
}

interface Recorder {
  sampler: Sampler;
  record(span: Span): void;
}

const active = new AsyncLocalStorage<Span>();
let recorder: Recorder | undefined;

/** Records spans until disposed. */
export function startTracing(started: Recorder): Disposable {
  recorder = started;
  return {
    [Symbol.dispose]() {
      if (recorder === started) recorder = undefined;
    },
  };
}

export function isTracing(): boolean {
  return recorder !== undefined;
}

/** Runs the handler of a request in a span that continues the trace of its `traceparent`. */
export function inRequestSpan<T>({ headers }: Request, run: () => T): T {
  if (recorder === undefined) return run();
  const header = headers.get("traceparent");
  const parent = header === null ? undefined : parseTraceParent(header);
  const traceId = parent?.traceId ?? randomBytes(16).toString("hex");
  const sampled = recorder.sampler(traceId, parent?.sampled);
  return active.run(createSpan("HTTP", "server", { traceId, sampled, parent }), run);
}

/** Ends the span of a request. Its name has the route template. */
export function endRequestSpan(request: { method: string; route: string; status: number }): void {
  const span = active.getStore();
  if (span === undefined || span.kind !== "server") return;
  const { method, route, status } = request;
  span.name = `${method} ${route}`;
  span.attributes["http.request.method"] = method;
  span.attributes["http.route"] = route;
  span.attributes["http.response.status_code"] = status;
  // Semantic conventions for HTTP servers: an error of the client is not one of the span.
  if (status >= 500) span.failed = true;
  end(span);
}

/** Runs a part of a request in a span of its own. Outside of a request there is none. */
export async function inSpan<T>(
  name: string,
  { kind = "internal", attributes = {} }: { kind?: Span["kind"]; attributes?: SpanAttributes },
  run: () => Promise<T>,
): Promise<T> {
  const parent = active.getStore();
  if (parent === undefined || !parent.sampled) return await run();
  const { traceId, sampled } = parent;
  const span = createSpan(name, kind, { traceId, sampled, parent });
  Object.assign(span.attributes, attributes);
  try {
    return await active.run(span, run);
  } catch (error) {
    span.failed = true;
    // The message can have values.
    span.attributes["error.type"] = error instanceof Error ? error.name : "error";
    throw error;
  } finally {
    end(span);
  }
}

function createSpan(
  name: string,
  kind: Span["kind"],
  { traceId, sampled, parent }: {
    traceId: string;
    sampled: boolean;
    parent?: Pick<SpanContext, "spanId">;
  },
): Span {
  const spanId = randomBytes(8).toString("hex");
  const startedAt = now();
  return {
    ...{ traceId, spanId, sampled, name, kind, startedAt, endedAt: startedAt },
    parentSpanId: parent?.spanId,
    ...{ attributes: {}, links: [], failed: false },
  };
}

function end(span: Span): void {
  span.endedAt = now();
  if (span.sampled) recorder?.record(span);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

export function setSpanAttribute(name: "oauth.error" | "login.decision", value: string): void {
  const span = active.getStore();
  if (span !== undefined) span.attributes[name] = value;
}

/** The id of the trace that this code runs in. */
export function activeTraceId(): string | undefined {
  return active.getStore()?.traceId;
}

/** The active span as `traceparent` (W3C Trace Context section 3.2), for a later request to link to. */
export function traceContext(): string | undefined {
  const span = active.getStore();
  return span?.sampled ? `00-${span.traceId}-${span.spanId}-01` : undefined;
}

/**
 * Returns a function that links the span that is active now to one of an earlier request, as
 * `traceContext` returned it then.
 */
export function spanLinker(): (stored: string | undefined) => void {
  const span = active.getStore();
  return (stored) => {
    const context = stored === undefined ? undefined : parseTraceParent(stored);
    if (context !== undefined) span?.links.push(context);
  };
}

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** W3C Trace Context section 3.2.2: version ff and ids of zeros are invalid. */
export function parseTraceParent(header: string): SpanContext | undefined {
  const [, version, traceId, spanId, flags] = TRACE_PARENT.exec(header) ?? [];
  const isValid = version !== undefined && version !== "ff" && !/^0+$/.test(traceId) &&
    !/^0+$/.test(spanId) && (version !== "00" || header.length === 55);
  if (!isValid) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
