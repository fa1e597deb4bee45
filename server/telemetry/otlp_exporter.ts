/** Sends spans and metrics to a collector of OpenTelemetry (OTLP over HTTP, as JSON). */
import type { Log } from "../log.ts";
import type { Metrics } from "./metrics.ts";
import { metricsRequest, tracesRequest } from "./otlp_json.ts";
import type { OtlpSettings } from "./otlp_settings.ts";
import { type Span, startTracing } from "./tracing.ts";

/** Spans that wait at most; more are dropped, since a collector that is down must not cost memory. */
const MAX_SPANS = 4096;
/** Spans of one request. */
const MAX_BATCH = 512;

export interface OtlpExporterDeps {
  metrics: Metrics;
  log: Log;
  /** Updates what only the database knows. */
  sampler: { sample(): Promise<void> };
  /** Sends a request; throws with the reason if the collector did not accept it. */
  post(url: string, body: string): Promise<void>;
}

/** Exports until it is closed, which sends what it has. */
export function startExport(
  settings: OtlpSettings,
  deps: OtlpExporterDeps,
): { close(): Promise<void> } {
  const exports = [
    ...settings.traces === undefined ? [] : [exportTraces(settings.traces, settings, deps)],
    ...settings.metrics === undefined ? [] : [exportMetrics(settings.metrics, settings, deps)],
  ];
  return {
    async close() {
      await Promise.all(exports.map(({ close }) => close()));
    },
  };
}

function exportTraces(
  { url, sampler, intervalMs }: NonNullable<OtlpSettings["traces"]>,
  { resource }: OtlpSettings,
  deps: OtlpExporterDeps,
) {
  const waiting: Span[] = [];
  const { spans } = deps.metrics;
  const tracing = startTracing({
    sampler,
    record(span) {
      if (waiting.length < MAX_SPANS) waiting.push(span);
      else spans.increase({ result: "dropped" });
    },
  });
  const delivery = new Delivery(deps, "traces");
  const exporting = repeat(intervalMs, async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      const sent = await delivery.send(url, tracesRequest(batch, resource));
      spans.increase({ result: sent ? "exported" : "dropped" }, batch.length);
      if (!sent) return;
    }
  });
  return {
    async close() {
      tracing[Symbol.dispose]();
      await exporting.close();
    },
  };
}

function exportMetrics(
  { url, intervalMs }: NonNullable<OtlpSettings["metrics"]>,
  { resource }: OtlpSettings,
  deps: OtlpExporterDeps,
) {
  const startedAt = Date.now();
  const delivery = new Delivery(deps, "metrics");
  return repeat(intervalMs, async () => {
    await deps.sampler.sample().catch(() => {});
    const times = { startedAt, now: Date.now() };
    await delivery.send(url, metricsRequest(deps.metrics, resource, times));
  });
}

/** Logs the first failure, and the end of an outage. */
class Delivery {
  #failing = false;

  constructor(
    private readonly deps: Pick<OtlpExporterDeps, "log" | "post">,
    private readonly signal: "traces" | "metrics",
  ) {}

  async send(url: string, body: string): Promise<boolean> {
    const { log, post } = this.deps;
    const { signal } = this;
    try {
      await post(url, body);
    } catch (error) {
      const { message: reason } = error as Error;
      if (!this.#failing) log("warn", "telemetry_export_failed", { signal, reason });
      this.#failing = true;
      return false;
    }
    if (this.#failing) log("info", "telemetry_export_back", { signal });
    this.#failing = false;
    return true;
  }
}

/** Runs `work` again and again, never twice at a time; closing runs it once more. */
function repeat(intervalMs: number, work: () => Promise<void>): { close(): Promise<void> } {
  let running = Promise.resolve();
  let isRunning = false;
  const run = () => {
    if (isRunning) return running;
    isRunning = true;
    running = work().catch(() => {}).finally(() => isRunning = false);
    return running;
  };
  const timer = setInterval(run, intervalMs);
  Deno.unrefTimer(timer);
  return {
    async close() {
      clearInterval(timer);
      await running;
      await run();
    },
  };
}
