/** OTLP 1.5 in JSON: the encoding of protocol buffers with ids in hex and 64-bit numbers as text. */
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import { metricName } from "./exposition.ts";
import { type AnyInstrument, Histogram } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";
import { type Span, SPAN_KINDS } from "./tracing.ts";

type Resource = Readonly<Record<string, string>>;

const STATUS_ERROR = 2;
/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2;

const scope = { name: brand.binaryName, version };

export function tracesRequest(spans: readonly Span[], resource: Resource): string {
  return JSON.stringify({
    resourceSpans: [{
      resource: { attributes: attributes(resource) },
      scopeSpans: [{ scope, spans: spans.map(spanJson) }],
    }],
  });
}

function spanJson(span: Span) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: SPAN_KINDS[span.kind],
    startTimeUnixNano: nanoseconds(span.startedAt),
    endTimeUnixNano: nanoseconds(span.endedAt),
    attributes: attributes(span.attributes),
    links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    status: span.failed ? { code: STATUS_ERROR } : {},
  };
}

/** All values since `startedAt`, in ms since 1970. */
export function metricsRequest(
  metrics: Metrics,
  resource: Resource,
  { startedAt, now }: { startedAt: number; now: number },
): string {
  const times = {
    startTimeUnixNano: nanoseconds(startedAt),
    timeUnixNano: nanoseconds(now),
  };
  const instruments = Object.values(metrics) as AnyInstrument[];
  return JSON.stringify({
    resourceMetrics: [{
      resource: { attributes: attributes(resource) },
      scopeMetrics: [{
        scope,
        metrics: instruments.map((instrument) => metricJson(instrument, times)),
      }],
    }],
  });
}

function metricJson(instrument: AnyInstrument, times: object) {
  const described = { name: metricName(instrument), description: instrument.help };
  if (instrument instanceof Histogram) {
    const dataPoints = instrument.collect().map(({ labels, counts, sum }) => ({
      ...times,
      attributes: attributes(labels),
      count: String(counts.reduce((total, count) => total + count, 0)),
      sum,
      bucketCounts: counts.map(String),
      explicitBounds: instrument.buckets,
    }));
    return { ...described, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } };
  }
  const dataPoints = instrument.collect().map(({ labels, value }) => ({
    ...times,
    attributes: attributes(labels),
    asDouble: value,
  }));
  return instrument.type === "counter"
    ? {
      ...described,
      sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true },
    }
    : { ...described, gauge: { dataPoints } };
}

/** A log record (OpenTelemetry Logs Data Model). */
export interface LogRecord {
  at: number;
  severity: { number: number; text: string };
  eventName: string;
  body: string;
  attributes: Readonly<Record<string, string>>;
}

export function logsRequest(
  records: readonly LogRecord[],
  resource: Resource,
  observedAt: number,
): string {
  return JSON.stringify({
    resourceLogs: [{
      resource: { attributes: attributes(resource) },
      scopeLogs: [{
        scope,
        logRecords: records.map(({ at, severity, eventName, body, ...record }) => ({
          timeUnixNano: nanoseconds(at),
          observedTimeUnixNano: nanoseconds(observedAt),
          severityNumber: severity.number,
          severityText: severity.text,
          eventName,
          body: { stringValue: body },
          attributes: attributes(record.attributes),
        })),
      }],
    }],
  });
}

function attributes(values: Readonly<Record<string, string | number | undefined>>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}

/** Of a time in ms; exact to a microsecond. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
