/** Metrics as text: Prometheus text format 0.0.4 and OpenMetrics 1.0. */
import { brand } from "../../shared/brand.ts";
import type { AnyInstrument, LabelDeclarations } from "./instruments.ts";
import { Histogram } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";

export type ExpositionFormat = "text" | "openmetrics";

export const CONTENT_TYPES: Record<ExpositionFormat, string> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Names that every program of Prometheus' world has, and its dashboards expect. */
const COMMON_PREFIX = "process_";

/** As the metric is exposed. */
export function metricName({ name }: { name: string }): string {
  return name.startsWith(COMMON_PREFIX) ? name : `${brand.binaryName.replaceAll("-", "_")}_${name}`;
}

export function exposeMetrics(metrics: Metrics, format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const instrument of Object.values(metrics) as AnyInstrument[]) {
    expose(instrument, format, lines);
  }
  if (format === "openmetrics") lines.push("# EOF");
  lines.push("");
  return lines.join("\n");
}

function expose(instrument: AnyInstrument, format: ExpositionFormat, lines: string[]): void {
  const name = metricName(instrument);
  // OpenMetrics: a counter's family has the name without the suffix of its samples.
  const family = format === "openmetrics" && instrument.type === "counter"
    ? name.replace(/_total$/, "")
    : name;
  const samples: string[] = [];
  if (instrument instanceof Histogram) exposeHistogram(instrument, name, format, samples);
  else {
    for (const { labels, value } of instrument.collect()) {
      samples.push(`${name}${labelText(labels)} ${number(value)}`);
    }
  }
  if (samples.length === 0) return;
  lines.push(`# HELP ${family} ${escapeHelp(instrument.help, format)}`);
  lines.push(`# TYPE ${family} ${instrument.type}`);
  lines.push(...samples);
}

function exposeHistogram(
  histogram: Histogram<LabelDeclarations>,
  name: string,
  format: ExpositionFormat,
  samples: string[],
): void {
  for (const { labels, counts, sum } of histogram.collect()) {
    let count = 0;
    for (const [index, inBucket] of counts.entries()) {
      count += inBucket;
      const bound = histogram.buckets[index];
      const le = bound === undefined ? "+Inf" : bucketBound(bound, format);
      samples.push(`${name}_bucket${labelText({ ...labels, le })} ${count}`);
    }
    samples.push(`${name}_sum${labelText(labels)} ${number(sum)}`);
    samples.push(`${name}_count${labelText(labels)} ${count}`);
  }
}

/** OpenMetrics section "Canonical Numbers". */
function bucketBound(bound: number, format: ExpositionFormat): string {
  return format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(help: string, format: ExpositionFormat): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped;
}

function number(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}
