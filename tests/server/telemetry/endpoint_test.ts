import assert from "node:assert/strict";
import {
  acceptedFormat,
  metricsEndpoint,
  metricsSite,
} from "../../../server/telemetry/endpoint.ts";
import { createMetrics } from "../../../server/telemetry/metrics.ts";
import { Sampler } from "../../../server/telemetry/sampler.ts";

const TOKEN = "k".repeat(32);
const URL_OF_METRICS = "http://127.0.0.1:9464/metrics";

function endpoint(token?: string, sample = () => Promise.resolve()) {
  return metricsEndpoint({ metrics: createMetrics(), sampler: { sample }, token });
}

function get(headers: HeadersInit = {}, method = "GET") {
  return new Request(URL_OF_METRICS, { headers, method });
}

Deno.test("asks for its token, in constant time", async () => {
  const read = endpoint(TOKEN);
  for (
    const authorization of ["", "Bearer", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, `Bearer ${TOKEN} x`]
  ) {
    const response = await read(get({ authorization }));
    assert.equal(response.status, 401, authorization);
    assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="metrics"');
    assert.ok(!(await response.text()).includes("yourapp_"));
  }
  assert.equal((await read(get({ authorization: `bearer ${TOKEN}` }))).status, 200);
});

Deno.test("answers GET and HEAD only", async () => {
  const read = endpoint();
  const head = await read(get({}, "HEAD"));
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  for (const method of ["POST", "OPTIONS", "DELETE"]) {
    const response = await read(get({}, method));
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
  }
});

Deno.test("answers although the database does not", async () => {
  for (
    const sample of [() => Promise.reject(new Error("gone")), () => new Promise<void>(() => {})]
  ) {
    const response = await endpoint(undefined, sample)(get());
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^yourapp_database_outages_total 0$/m);
  }
});

Deno.test("a listener for metrics has nothing else", async () => {
  const site = metricsSite(endpoint());
  for (const path of ["/", "/oauth/token", "/metrics/", "/healthz"]) {
    assert.equal((await site(new Request(`http://127.0.0.1${path}`))).status, 404, path);
  }
  assert.equal((await site(new Request("http://127.0.0.1/metrics?x=1"))).status, 200);
});

Deno.test("selects the format that the scraper prefers", () => {
  // What Prometheus 2.53 and 3.5 send.
  const prometheus2 = "application/openmetrics-text;version=1.0.0;q=0.5," +
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  const prometheus3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4," +
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  for (const accept of [prometheus2, prometheus3, "application/openmetrics-text"]) {
    assert.equal(acceptedFormat(accept), "openmetrics");
  }
  for (
    const accept of [
      "",
      "*/*",
      "text/plain",
      "text/html",
      "application/openmetrics-text;q=0",
      "application/openmetrics-text;q=0.1, text/plain",
      "application/openmetrics-text;q=much",
    ]
  ) assert.equal(acceptedFormat(accept), "text", accept);
});

Deno.test("samples once for scrapes within 15 s, also if that fails", async () => {
  let reads = 0;
  const sampler = new Sampler(() => {
    reads++;
    return Promise.reject(new Error("gone"));
  });
  await Promise.allSettled([sampler.sample(), sampler.sample()]);
  await sampler.sample();
  assert.equal(reads, 1);
});
