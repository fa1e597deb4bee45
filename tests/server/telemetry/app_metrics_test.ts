import assert from "node:assert/strict";
import { VERIFY_PATH } from "../../../server/forward_auth/verify.ts";
import { exposeMetrics } from "../../../server/telemetry/exposition.ts";
import { metricsEndpoint } from "../../../server/telemetry/endpoint.ts";
import { app } from "../../../server/app.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addPerson } from "../../support/person.ts";
import { createPat, describeScopes } from "../../support/pats.ts";
import { testServer } from "../../support/test_server.ts";

/** The value of a series as it is exposed. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`yourapp_${series} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

testOnEachDatabase("counts requests by route template, never by path", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { token } = await createPat(server, alice);
  const headers = { authorization: `Bearer ${token}` };
  await server.request(VERIFY_PATH, { headers });
  await server.request(VERIFY_PATH, { headers });
  await server.request(`${VERIFY_PATH}/some/path?user_code=ABCD-EFGH`);
  await server.request("/device?user_code=ABCD-EFGH");
  await server.request("/api/v1/tokens/0190a1b2-0000-7000-8000-000000000000", { headers });
  await server.request(`/${token}`);
  await server.request("/oauth/introspect", { method: "POST" });
  await server.request("/healthz", { method: "BREW" });
  await server.request("/a%20b");
  const text = exposeMetrics(server.parts.metrics, "text");
  const requests = (route: string, method: string, status: string) =>
    valueOf(text, `http_requests_total{route="${route}",method="${method}",status="${status}"}`);
  assert.equal(requests("/auth/verify", "GET", "2xx"), 2);
  assert.equal(requests("/auth/verify", "GET", "4xx"), 1);
  assert.equal(requests("/device", "GET", "3xx"), 1);
  assert.equal(requests("/api/v1/tokens/:id", "GET", "4xx"), 1);
  assert.equal(requests("/*", "GET", "4xx"), 1);
  assert.equal(requests("/oauth/introspect", "POST", "4xx"), 1);
  assert.equal(requests("/healthz", "other", "4xx"), 1);
  assert.equal(requests("unmatched", "GET", "4xx"), 1);
  assert.equal(valueOf(text, 'http_request_duration_seconds_count{route="/auth/verify"}'), 3);
  assert.equal(valueOf(text, "http_requests_in_progress"), 0);
  for (const secret of [token, "ABCD-EFGH", "some/path", "0190a1b2", alice.email]) {
    assert.ok(!text.includes(secret), secret);
  }
});

testOnEachDatabase(
  "counts a check that fails with the status of its response",
  async (location) => {
    await using server = await testServer(location);
    const tokenValidator = Object.create(server.parts.tokenValidator, {
      validateOrRemember: { value: () => Promise.reject(new Error("no space")) },
    });
    server.app = app({ ...server.parts, tokenValidator });
    const headers = { authorization: "Bearer unknown" };
    const response = await server.request(VERIFY_PATH, { headers });
    assert.equal(response.status, 503);
    assert.equal((await response.json()).error, "temporarily_unavailable");
    const { authorization } = await server.addClient();
    const introspected = await server.post("/oauth/introspect", { token: "x" }, { authorization });
    assert.equal(introspected.status, 503);
    const text = exposeMetrics(server.parts.metrics, "text");
    for (const [route, method] of [[VERIFY_PATH, "GET"], ["/oauth/introspect", "POST"]]) {
      const series = `http_requests_total{route="${route}",method="${method}",status="5xx"}`;
      assert.equal(valueOf(text, series), 1, route);
    }
    assert.equal(valueOf(text, "http_requests_in_progress"), 0);
  },
);

testOnEachDatabase("counts grants, refusals and token checks", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const login = await server.login(alice.id);
  const { token } = await createPat(server, alice);
  const before = exposeMetrics(server.parts.metrics, "text");
  await server.refresh(login.refresh_token!);
  await server.refresh("unknown");
  await server.post("/oauth/token", { grant_type: "password\n" });
  for (let count = 0; count < 3; count++) {
    await server.request(VERIFY_PATH, { headers: { authorization: `Bearer ${token}` } });
  }
  await server.request(VERIFY_PATH, { headers: { authorization: "Bearer unknown" } });
  const text = exposeMetrics(server.parts.metrics, "text");
  const grown = (series: string) => (valueOf(text, series) ?? 0) - (valueOf(before, series) ?? 0);
  assert.equal(grown('grants_total{grant_type="refresh_token"}'), 1);
  const refused = (type: string, error: string) =>
    grown(`grant_refusals_total{grant_type="${type}",error="${error}"}`);
  assert.equal(refused("refresh_token", "invalid_grant"), 1);
  assert.equal(refused("other", "unsupported_grant_type"), 1);
  assert.equal(grown('token_validations_total{result="active"}'), 3);
  assert.equal(grown('token_validations_total{result="unknown"}'), 1);
  assert.equal(grown('cache_lookups_total{cache="tokens",result="hit"}'), 2);
  assert.ok(valueOf(text, 'cache_entries{cache="tokens"}')! >= 1);
  assert.ok(valueOf(before, 'grants_total{grant_type="device_code"}')! >= 1);
});

testOnEachDatabase("there is no /metrics unless the operator turns it on", async (location) => {
  await using server = await testServer(location);
  assert.equal((await server.request("/metrics")).status, 404);
  const { metrics } = server.parts;
  const token = "k".repeat(32);
  const endpoint = metricsEndpoint({
    metrics,
    sampler: { sample: () => Promise.resolve() },
    token,
  });
  server.app = app({ ...server.parts, metricsEndpoint: endpoint });
  assert.equal((await server.request("/metrics")).status, 401);
  const response = await server.request("/metrics", {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 200);
  assert.ok(!(await response.text()).includes('route="/metrics"'));
});
