/** A collector of OpenTelemetry: OTLP over HTTP, as JSON. */

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  kind: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
}

export interface OtlpReceiver extends AsyncDisposable {
  /** For the process that sends to it. */
  env: Record<string, string>;
  spans(): ReceivedSpan[];
  /** Names of metrics that were received. */
  metricNames(): Set<string>;
  /** Everything that was received, as it was sent. */
  text(): string;
}

// deno-lint-ignore no-explicit-any
type Json = any;

export function otlpReceiver(): OtlpReceiver {
  const bodies: { path: string; text: string }[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      bodies.push({ path: new URL(request.url).pathname, text: await request.text() });
      return Response.json({});
    },
  );
  const received = (path: string): Json[] =>
    bodies.filter((body) => body.path === path).map(({ text }) => JSON.parse(text));
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_SERVICE_NAME: "auth",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
    spans: () =>
      received("/v1/traces").flatMap(({ resourceSpans }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans).map(toSpan),
    metricNames: () =>
      new Set(
        received("/v1/metrics").flatMap(({ resourceMetrics }) => resourceMetrics)
          .flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
          .map(({ name }) => name),
      ),
    text: () => bodies.map(({ text }) => text).join("\n"),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function toSpan(span: Json): ReceivedSpan {
  const attributes = (span.attributes as Attribute[])
    .map(({ key, value }) => [key, Object.values(value)[0]]);
  return { ...span, attributes: Object.fromEntries(attributes) };
}
