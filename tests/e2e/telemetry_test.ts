/** What the compiled server says about itself: metrics, traces and logs of one story, without secrets. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { assertNoSecrets } from "../support/assert_no_secrets.ts";
import { run, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install } from "../support/installation.ts";
import { fromRoot, promtool, startPrometheus } from "../support/prometheus.ts";
import { otlpReceiver } from "../support/otlp_receiver.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

Deno.test("a login is one story in the traces, without secrets", async () => {
  await using receiver = otlpReceiver();
  await using server = await install({
    env: receiver.env,
    args: ["--metrics-listen", "127.0.0.1:0", "--access-log", "on"],
  });
  await using home = await temporaryHome();
  const env = { ...home.env, TRACEPARENT: `00-${TRACE_ID}-b7ad6b7169203331-01` };
  const login = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
  let userCode: string;
  {
    await using running = start(login, { env });
    [, userCode] = await running.waitFor(/Enter code:\s+(\S+)/);
    await server.alice.decide(userCode, "approve");
    assert.equal((await running.ended).code, 0);
  }
  const { stdout: token } = await run(["token"], { env });
  const find = (name: string) => receiver.spans().filter((span) => span.name === name);
  const granted = await eventually(
    "the span of the grant",
    () =>
      find("grant device_code").find(({ attributes, links }) =>
        attributes["oauth.error"] === undefined && links.length > 0
      ),
  );
  const [requested] = find("POST /oauth/device/authorize");
  const approved = await eventually(
    "the span of the approval",
    () => find("POST /device/confirm").find(({ links }) => links.length > 0),
  );
  // The command passes the trace of its caller on.
  assert.equal(requested.traceId, TRACE_ID);
  assert.equal(granted.traceId, TRACE_ID);
  // The browser has a trace of its own.
  assert.notEqual(approved.traceId, TRACE_ID);
  for (const { links } of [granted, approved]) {
    assert.deepEqual(links.map(({ traceId, spanId }) => [traceId, spanId]), [
      [requested.traceId, requested.spanId],
    ]);
  }
  assert.equal(approved.attributes["login.decision"], "approved");
  const statements = receiver.spans().filter(({ attributes }) => "db.query.summary" in attributes);
  assert.ok(statements.some(({ name }) => name === "UPDATE device_authorizations"));
  const served = receiver.spans().filter(({ kind }) => kind === 2);
  assert.ok(served.every(({ name, attributes }) => name.endsWith(` ${attributes["http.route"]}`)));

  const names = await eventually("the metrics", () => {
    const names = receiver.metricNames();
    return names.has(`${brand.binaryName}_logins_waiting`) ? names : undefined;
  });
  assert.ok(names.has(`${brand.binaryName}_http_request_duration_seconds`));

  const [, metricsUrl] = /Metrics\s+(\S+)/.exec(server.server.running.stdout())!;
  const metrics = await (await fetch(metricsUrl)).text();
  const log = server.server.running.stderr();
  assert.match(log, new RegExp(`path=/oauth/token .*trace_id=${TRACE_ID}`));
  for (const [where, text] of Object.entries({ traces: receiver.text(), metrics, log })) {
    assertNoSecrets(where, text);
    for (const secret of [userCode, userCode.replace("-", ""), token.trim(), ALICE.email]) {
      assert.ok(!text.includes(secret), `${where}: ${secret}`);
    }
    assert.ok(!/user_code|[?&]code=/.test(text), where);
  }
  assert.ok(!/127\.0\.0\.1/.test(metrics), "metrics have an address");

  await prometheusReads(metricsUrl, metrics);
});

/** A real Prometheus scrapes the server, loads the alerts and can draw the dashboard. */
async function prometheusReads(metricsUrl: string, metrics: string): Promise<void> {
  const rules = fromRoot("deploy/prometheus/alerts.yml");
  await promtool(["check", "rules", rules]);
  await promtool(["test", "rules", fromRoot("deploy/prometheus/alerts_test.yml")]);
  await promtool(["check", "metrics"], metrics);
  await using prometheus = await startPrometheus({ scrape: metricsUrl, rules });
  await eventually("the first scrape", async () => {
    const [up] = await prometheus.query("up");
    return up?.value[1] === "1";
  });
  const [, version] = /build_info\{version="([^"]+)"/.exec(metrics)!;
  await eventually("the metrics", async () => {
    const [info] = await prometheus.query(`${brand.binaryName}_build_info`);
    return info?.metric.version === version;
  });
  const dashboard = JSON.parse(await Deno.readTextFile(fromRoot("deploy/grafana/dashboard.json")));
  const targets: { expr: string }[] = dashboard.panels
    .flatMap(({ targets = [] }: { targets?: { expr: string }[] }) => targets);
  assert.ok(targets.length > 20);
  for (const { expr } of targets) {
    await prometheus.query(
      expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"),
    );
  }
  await eventually("the alerts", async () => {
    const alerts = await prometheus.rules();
    assert.deepEqual(alerts.filter(({ health }) => health === "err"), []);
    return alerts.length > 15 && alerts.every(({ health }) => health === "ok");
  });
}
