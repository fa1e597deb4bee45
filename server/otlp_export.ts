import { brand } from "../shared/brand.ts";
import { version } from "../shared/version.ts";
import type { Log } from "./log.ts";
import type { OutboundHttp } from "./outbound/outbound_http.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { startExport } from "./telemetry/otlp_exporter.ts";
import { otlpSettings } from "./telemetry/otlp_settings.ts";

/** Exports metrics and traces, if the environment names a collector. */
export function startOtlpExport(
  env: Record<string, string>,
  { metrics, log, http, sampler }: {
    metrics: Metrics;
    log: Log;
    http: OutboundHttp;
    sampler: { sample(): Promise<void> };
  },
): { close(): Promise<void> } | undefined {
  const { settings, problems } = otlpSettings(env, brand.binaryName);
  for (const { variable, message } of problems) {
    log("warn", "telemetry_setting", { variable, reason: message });
  }
  if (settings === undefined) return undefined;
  const resource = { "service.version": version, ...settings.resource };
  return startExport({ ...settings, resource }, {
    ...{ metrics, log, sampler },
    async post(url, body) {
      const { status } = await http.request(url, {
        method: "POST",
        accept: "application/json",
        headers: { ...settings.headers, "content-type": "application/json" },
        body,
        timeoutMs: settings.timeoutMs,
        maxBytes: 0,
        // The operator names the collector, which is usually beside the server.
        ...{ allowPrivate: true, allowPlain: true },
      });
      if (status < 200 || status >= 300) {
        throw new Error(`the collector answered with status ${status}`);
      }
    },
  });
}
