import assert from "node:assert/strict";
import { combineWorkers } from "../../../server/telemetry/combine_workers.ts";
import { exposeMetrics } from "../../../server/telemetry/exposition.ts";
import { Counter, Gauge, Histogram } from "../../../server/telemetry/instruments.ts";
import { createMetrics, type Metrics } from "../../../server/telemetry/metrics.ts";

const instruments = () => {
  const counter = new Counter({
    name: "things_total",
    help: 'Things "of" a kind\\',
    labels: { kind: "any text" },
  });
  const gauge = new Gauge({ name: "depth", help: "Depth", labels: { side: ["a", "b"] } });
  const histogram = new Histogram({
    name: "wait_seconds",
    help: "Wait",
    labels: {},
    buckets: [0.5, 1],
  });
  return { counter, gauge, histogram };
};

Deno.test("escapes the values of labels, so that none can forge a line", () => {
  const { counter } = instruments();
  counter.increase({ kind: 'a"\\\nforged 1' });
  const text = exposeMetrics({ counter } as unknown as Metrics, "text");
  assert.deepEqual(text.split("\n"), [
    '# HELP yourapp_things_total Things "of" a kind\\\\',
    "# TYPE yourapp_things_total counter",
    'yourapp_things_total{kind="a\\"\\\\\\nforged 1"} 1',
    "",
  ]);
});

Deno.test("cumulates the buckets of a histogram", () => {
  const { histogram } = instruments();
  for (const value of [0.5, 0.7, 3]) histogram.observe({}, value);
  const text = exposeMetrics({ histogram } as unknown as Metrics, "openmetrics");
  assert.deepEqual(text.split("\n").slice(2), [
    'yourapp_wait_seconds_bucket{le="0.5"} 1',
    'yourapp_wait_seconds_bucket{le="1.0"} 2',
    'yourapp_wait_seconds_bucket{le="+Inf"} 3',
    "yourapp_wait_seconds_sum 4.2",
    "yourapp_wait_seconds_count 3",
    "# EOF",
    "",
  ]);
});

Deno.test("series of listed values exist before they are counted", () => {
  const { gauge } = instruments();
  assert.deepEqual(gauge.collect().map(({ labels }) => labels.side), []);
  const counter = new Counter({ name: "x_total", help: "X", labels: { side: ["a", "b"] } });
  assert.deepEqual(counter.collect().map(({ labels, value }) => [labels.side, value]), [
    ["a", 0],
    ["b", 0],
  ]);
});

Deno.test("adds values that are read to those that are counted, by their labels", () => {
  const { counter } = instruments();
  counter.increase({ kind: "a" }, 2);
  counter.read(() => [[{ kind: "a" }, 3], [{ kind: "b" }, 1], [{ kind: "c" }, undefined]]);
  assert.deepEqual(counter.collect().map(({ labels, value }) => [labels.kind, value]), [
    ["a", 5],
    ["b", 1],
  ]);
  // Collecting adds nothing to the counter itself.
  assert.equal(counter.with({ kind: "a" }).value, 2);
});

Deno.test("counts together what exceeds the largest number of series", () => {
  const { counter } = instruments();
  for (let index = 0; index < 5000; index++) counter.increase({ kind: `kind ${index}` });
  const series = counter.collect();
  assert.equal(series.length, 2001);
  assert.deepEqual(series.at(-1), { labels: { kind: "other" }, value: 3000 });
});

Deno.test("each metric is named as Prometheus recommends", () => {
  const names = new Set<string>();
  for (const { name, type, help, labels } of Object.values(createMetrics())) {
    assert.match(name, /^[a-z]+(_[a-z]+)*$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.ok(!names.has(name), `two metrics are named ${name}`);
    assert.ok(help !== "" && !help.endsWith("."), name);
    for (const label of Object.keys(labels)) assert.match(label, /^[a-z]+(_[a-z]+)*$/);
    names.add(name);
  }
});

Deno.test("combines what several workers count, with their numbers", () => {
  const text = (value: number) =>
    `# HELP a_total A\n# TYPE a_total counter\na_total{x="{ }"} ${value}\n` +
    `# HELP b B\n# TYPE b gauge\nb ${value}\n# EOF\n`;
  assert.deepEqual(
    combineWorkers(new Map([[1, text(1)], [3, text(2)]]), "openmetrics").split("\n"),
    [
      "# HELP a_total A",
      "# TYPE a_total counter",
      'a_total{worker="1",x="{ }"} 1',
      'a_total{worker="3",x="{ }"} 2',
      "# HELP b B",
      "# TYPE b gauge",
      'b{worker="1"} 1',
      'b{worker="3"} 2',
      "# EOF",
      "",
    ],
  );
});
