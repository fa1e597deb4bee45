/**
 * Where telemetry is sent, by the variables that all programs with OpenTelemetry have in common
 * (OpenTelemetry Environment Variable Specification, OpenTelemetry Protocol Exporter).
 */
import { type Sampler, traceSampler } from "./trace_sampler.ts";

export interface OtlpSettings {
  /** Undefined: not exported. */
  traces?: { url: string; sampler: Sampler; intervalMs: number };
  metrics?: { url: string; intervalMs: number };
  /** Such as an API key. */
  headers: Record<string, string>;
  timeoutMs: number;
  /** Describes this service: `service.name` and what the operator adds. */
  resource: Record<string, string>;
}

const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SAMPLER = "OTEL_TRACES_SAMPLER";

/** A variable that has no effect, and what to do. */
export interface OtlpProblem {
  variable: string;
  message: string;
}

/** The settings, undefined if nothing is exported. A variable with a problem is ignored. */
export function otlpSettings(
  env: Record<string, string>,
  serviceName: string,
): { settings?: OtlpSettings; problems: OtlpProblem[] } {
  const problems: OtlpProblem[] = [];
  // The specification: an empty value counts as unset.
  const read = (name: string) => env[name] === "" ? undefined : env[name];
  const number = (name: string, standard: number) => {
    const text = read(name);
    if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return Number(text ?? standard);
    problems.push({ variable: name, message: "must be a number of milliseconds." });
    return standard;
  };
  const base = urlOf(ENDPOINT);
  const traces = signalUrl("TRACES", "/v1/traces");
  const metrics = signalUrl("METRICS", "/v1/metrics");
  if (read("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return { problems };
  if (traces === undefined && metrics === undefined) return { problems };
  const protocol = read("OTEL_EXPORTER_OTLP_PROTOCOL");
  if (protocol === "grpc") {
    problems.push({
      variable: "OTEL_EXPORTER_OTLP_PROTOCOL",
      message: "gRPC is not supported. Use the port of the collector for HTTP, usually 4318, and " +
        "http/json.",
    });
    return { problems };
  }
  const sampler = traceSampler(
    read(SAMPLER) ?? "parentbased_always_on",
    read("OTEL_TRACES_SAMPLER_ARG"),
  );
  if (sampler === undefined) {
    problems.push({
      variable: SAMPLER,
      message: "is not a sampler that is supported, or OTEL_TRACES_SAMPLER_ARG is not a number " +
        "from 0 to 1. No traces are exported.",
    });
  }
  const settings: OtlpSettings = {
    ...traces !== undefined && sampler !== undefined &&
      { traces: { url: traces, sampler, intervalMs: number("OTEL_BSP_SCHEDULE_DELAY", 5000) } },
    ...metrics !== undefined &&
      { metrics: { url: metrics, intervalMs: number("OTEL_METRIC_EXPORT_INTERVAL", 60_000) } },
    headers: keyValues(read("OTEL_EXPORTER_OTLP_HEADERS")),
    timeoutMs: number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000),
    resource: otlpResource(env, serviceName),
  };
  return { settings, problems };

  function signalUrl(signal: "TRACES" | "METRICS", path: string): string | undefined {
    if (read(`OTEL_${signal}_EXPORTER`) === "none") return undefined;
    const own = urlOf(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
    return own ?? (base === undefined ? undefined : `${base.replace(/\/$/, "")}${path}`);
  }

  function urlOf(name: string): string | undefined {
    const text = read(name);
    if (text === undefined) return undefined;
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
    // It may have a password.
    problems.push({ variable: name, message: "must be the http or https URL of a collector." });
    return undefined;
  }
}

/** Describes this service. */
export function otlpResource(
  { OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME }: Record<string, string>,
  serviceName: string,
): Record<string, string> {
  return {
    "service.name": serviceName,
    ...keyValues(OTEL_RESOURCE_ATTRIBUTES),
    ...OTEL_SERVICE_NAME && { "service.name": OTEL_SERVICE_NAME },
  };
}

/** Those for logs only: the others may be for another collector. */
export function otlpLogHeaders(env: Record<string, string>): Record<string, string> {
  return keyValues(env.OTEL_EXPORTER_OTLP_LOGS_HEADERS);
}

/** `name=value,name=value`, with percent-encoded values (W3C Baggage). */
function keyValues(text = ""): Record<string, string> {
  const pairs = text.split(",").map((pair) => pair.split("="))
    .filter(([name, ...value]) => name.trim() !== "" && value.length > 0)
    .map(([name, ...value]) => [name.trim(), decode(value.join("=").trim())]);
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
