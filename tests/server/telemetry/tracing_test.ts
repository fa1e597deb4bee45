import assert from "node:assert/strict";
import { summarizeStatement } from "../../../server/store/db/observed_sql.ts";
import { otlpSettings } from "../../../server/telemetry/otlp_settings.ts";
import { traceSampler } from "../../../server/telemetry/trace_sampler.ts";
import {
  endRequestSpan,
  inRequestSpan,
  inSpan,
  parseTraceParent,
  type Span,
  startTracing,
  traceContext,
} from "../../../server/telemetry/tracing.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

Deno.test("accepts a valid traceparent only", () => {
  assert.deepEqual(parseTraceParent(`00-${TRACE_ID}-${SPAN_ID}-01`), {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    sampled: true,
  });
  // A later version may have more (section 3.2.1).
  assert.equal(parseTraceParent(`cc-${TRACE_ID}-${SPAN_ID}-00-more`)?.sampled, false);
  for (
    const invalid of [
      "",
      `00-${TRACE_ID}-${SPAN_ID}`,
      `00-${TRACE_ID}-${SPAN_ID}-01-more`,
      `ff-${TRACE_ID}-${SPAN_ID}-01`,
      `00-${"0".repeat(32)}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${"0".repeat(16)}-01`,
      `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${SPAN_ID}-01, 00-${TRACE_ID}-${SPAN_ID}-01`,
    ]
  ) assert.equal(parseTraceParent(invalid), undefined, invalid);
});

function traced(headers: HeadersInit, run: () => Promise<void>): Promise<Span[]> {
  const spans: Span[] = [];
  const tracing = startTracing({
    sampler: traceSampler("parentbased_always_on", undefined)!,
    record: (span) => void spans.push(span),
  });
  const request = new Request("https://auth.example.test/device?user_code=ABCD-EFGH", { headers });
  return inRequestSpan(request, async () => {
    await run().catch(() => {});
    endRequestSpan({ method: "GET", route: "/device", status: 200 });
    tracing[Symbol.dispose]();
    return spans;
  });
}

Deno.test("spans of a request are children of it, and have no message of an error", async () => {
  const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;
  const [statement, request] = await traced({ traceparent }, async () => {
    await inSpan("SELECT users", { kind: "client" }, () => Promise.reject(new TypeError("secret")));
  });
  assert.equal(request.name, "GET /device");
  assert.deepEqual([request.traceId, request.parentSpanId], [TRACE_ID, SPAN_ID]);
  assert.deepEqual([statement.traceId, statement.parentSpanId], [TRACE_ID, request.spanId]);
  assert.ok(statement.failed && !request.failed);
  assert.equal(statement.attributes["error.type"], "TypeError");
  assert.ok(!/secret|ABCD/.test(JSON.stringify([statement, request])));
});

Deno.test("records nothing of a trace that its caller does not record", async () => {
  const traceparent = `00-${TRACE_ID}-${SPAN_ID}-00`;
  const spans = await traced({ traceparent }, async () => {
    assert.equal(traceContext(), undefined);
    await inSpan("SELECT users", {}, () => Promise.resolve());
  });
  assert.deepEqual(spans, []);
  // Without tracing, everything runs as it is.
  assert.equal(await inSpan("SELECT users", {}, () => Promise.resolve(1)), 1);
});

Deno.test("samples by ratio the same traces everywhere", () => {
  const sampler = traceSampler("traceidratio", "0.5")!;
  assert.equal(sampler(`${"0".repeat(20)}7fffffffffff`, undefined), true);
  assert.equal(sampler(`${"0".repeat(20)}800000000000`, undefined), false);
  assert.equal(traceSampler("parentbased_traceidratio", "0")!(TRACE_ID, true), true);
  assert.equal(traceSampler("parentbased_always_off", undefined)!(TRACE_ID, undefined), false);
  for (const [name, argument] of [["jaeger_remote"], ["traceidratio", "2"], ["", "x"]]) {
    assert.equal(traceSampler(name, argument), undefined);
  }
});

Deno.test("reads the variables of OpenTelemetry", () => {
  const read = (env: Record<string, string>) => otlpSettings(env, "auth");
  assert.deepEqual(read({}), { problems: [] });
  const { settings } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/",
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://metrics.example.com/otlp",
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b, x=y=z",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=prod,service.name=other",
    OTEL_SERVICE_NAME: "login",
    OTEL_BSP_SCHEDULE_DELAY: "",
  });
  assert.equal(settings?.traces?.url, "http://collector:4318/v1/traces");
  assert.equal(settings?.traces?.intervalMs, 5000);
  assert.equal(settings?.metrics?.url, "https://metrics.example.com/otlp");
  assert.deepEqual(settings?.headers, { "api-key": "a b", x: "y=z" });
  assert.deepEqual(settings?.resource, {
    "deployment.environment.name": "prod",
    "service.name": "login",
  });
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
  assert.equal(read({ ...endpoint, OTEL_SDK_DISABLED: "true" }).settings, undefined);
  assert.equal(read({ ...endpoint, OTEL_TRACES_EXPORTER: "none" }).settings?.traces, undefined);
  const variables = (env: Record<string, string>) =>
    read(env).problems.map(({ variable }) => variable);
  assert.deepEqual(variables({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), [
    "OTEL_EXPORTER_OTLP_PROTOCOL",
  ]);
  assert.deepEqual(variables({ ...endpoint, OTEL_TRACES_SAMPLER: "jaeger_remote" }), [
    "OTEL_TRACES_SAMPLER",
  ]);
  assert.deepEqual(variables({ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }), [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
  ]);
  assert.deepEqual(variables({ ...endpoint, OTEL_METRIC_EXPORT_INTERVAL: "often" }), [
    "OTEL_METRIC_EXPORT_INTERVAL",
  ]);
});

Deno.test("summarizes a statement by what it changes, or else reads", () => {
  for (
    const [text, summary] of [
      ["select a, b from users where id = ", "SELECT users"],
      ["select 1", "SELECT"],
      ["select 1 from users for update", "SELECT users"],
      ["  insert into a_b (x) values ( ) on conflict do update set x = ", "INSERT a_b"],
      ["update users set x = ", "UPDATE users"],
      ["with x as (select 1 from users for update) select * from x", "SELECT users"],
      ["with x as (select 1), y as (update logins set a = ) select 1", "UPDATE logins"],
      ["delete from sessions where id in (", "DELETE sessions"],
      ["listen changes", "OTHER listen"],
      ["", "OTHER"],
    ]
  ) assert.equal(summarizeStatement(text).summary, summary);
});
