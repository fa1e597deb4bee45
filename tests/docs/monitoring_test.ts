/** The dashboard, the alerts and their runbooks name only what exists. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { metricName } from "../../server/telemetry/exposition.ts";
import type { AnyInstrument } from "../../server/telemetry/instruments.ts";
import { createMetrics } from "../../server/telemetry/metrics.ts";
import { readFromRoot } from "../support/documentation.ts";

const FILES = [
  "deploy/grafana/dashboard.json",
  "deploy/prometheus/alerts.yml",
  "deploy/prometheus/alerts_test.yml",
  "docs/runbooks.md",
];

const instruments = new Map(
  (Object.values(createMetrics()) as AnyInstrument[]).map((metric) => [metricName(metric), metric]),
);

/** The metrics and label matchers of a text: `name{label="value"}`. */
function usesIn(text: string): { name: string; labels: string[] }[] {
  return [...text.matchAll(/\b((?:yourapp|process)_[a-z_]+)(?:\{([^}]*)\})?/g)].map(
    ([, name, matchers = ""]) => ({
      name,
      labels: [...matchers.matchAll(/(\w+)\\?\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label),
    }),
  );
}

Deno.test("dashboard, alerts and runbooks name metrics and labels that exist", async () => {
  for (const path of FILES) {
    const uses = usesIn(await readFromRoot(path));
    assert.ok(uses.length > 10, path);
    for (const { name, labels } of uses) {
      const metric = instruments.get(name) ??
        instruments.get(name.replace(/_(bucket|count|sum)$/, ""));
      assert.ok(metric !== undefined, `${path} names ${name}`);
      const known = [...Object.keys(metric.labels), "instance", "job", "le"];
      for (const label of labels) assert.ok(known.includes(label), `${path}: ${name}{${label}}`);
    }
  }
});

interface Rule {
  alert: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}

Deno.test("each alert has a severity, a summary, a test and a runbook that says what to do", async () => {
  const { groups } = parse(await readFromRoot("deploy/prometheus/alerts.yml"));
  const rules: Rule[] = groups.flatMap((group: { rules: Rule[] }) => group.rules);
  const runbooks = (await readFromRoot("docs/runbooks.md")).split("\n## ").slice(1);
  const tests = await readFromRoot("deploy/prometheus/alerts_test.yml");
  for (const { alert, labels, annotations } of rules) {
    assert.ok(["critical", "warning"].includes(labels.severity), alert);
    assert.ok(annotations.summary && annotations.description, alert);
    assert.equal(annotations.runbook, `docs/runbooks.md#${alert.toLowerCase()}`);
    assert.equal(tests.split(`alertname="${alert}"`).length - 1, 3, alert);
  }
  assert.deepEqual(
    runbooks.map((text) => text.split("\n")[0]),
    rules.map(({ alert }) => alert),
  );
  for (const text of runbooks) {
    for (const part of ["**Means.**", "**Look at.**", "**Do.**"]) assert.ok(text.includes(part));
  }
});
