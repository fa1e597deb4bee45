/** Invariant: a request's path and origin are what was asked for, whatever its Host header says. */
import assert from "node:assert/strict";
import { app } from "../../../server/app.ts";
import { hostProblem, requestPath } from "../../../server/http/request_target.ts";
import { databaseKinds } from "../../support/databases.ts";
import { ISSUER, testServer } from "../../support/test_server.ts";

/** What Deno reports of a request with this Host and this target. */
const request = (host: string | null, url = `http://${host ?? "localhost:8787"}/auth/verify`) => ({
  url,
  headers: new Headers(host === null ? {} : { host }),
});

const VALID = [
  "auth.example.com",
  "auth.example.com.",
  "AUTH.example.com:8787",
  "auth_backend",
  "localhost:8787",
  "127.0.0.1:8787",
  "[::1]:8787",
  "[2001:db8::1]",
  "[::ffff:192.0.2.1]:80",
  "xn--bcher-kva.example",
  "host:",
];

const INVALID = [
  "",
  "a/healthz?x=",
  "a/admin/trust?x=",
  "a/healthz#",
  "a?x=",
  "a#",
  "a\\healthz?",
  "a, b",
  "a,b",
  "a b",
  "a\tb",
  "user@a",
  "user:password@a",
  "a%2fhealthz",
  "a:80:80",
  "a:x",
  "a:99999",
  "a:-1",
  ":80",
  "[::1/healthz?",
  "[::1",
  "::1",
  "[a]",
  "[::1]x",
  "[fe80::1%25eth0]",
  "[1.2.3.4]",
  "ÿþ",
  "a'b",
  "a(b)",
  "http://a",
];

Deno.test("rejects a Host header that is not host[:port], over HTTP and HTTPS", () => {
  for (const hostRequired of [true, false]) {
    for (const host of VALID) {
      assert.equal(hostProblem(request(host), { hostRequired }), undefined, host);
    }
    for (const host of INVALID) {
      assert.ok(hostProblem(request(host), { hostRequired }), host);
      // Deno ignores Host where the target has an authority, or where it takes Host for invalid.
      assert.ok(hostProblem(request(host, "http://a/auth/verify"), { hostRequired }), host);
    }
  }
});

Deno.test("rejects an invalid Host with a target that was valid with another one", () => {
  const url = "http://a/auth/verify";
  for (const host of ["a, b", "", "a/healthz?x="]) {
    assert.equal(hostProblem(request("a", url), { hostRequired: true }), undefined);
    assert.equal(requestPath(url), "/auth/verify");
    assert.ok(hostProblem(request(host, url), { hostRequired: true }), host);
  }
  assert.equal(hostProblem(request("a", url), { hostRequired: true }), undefined);
  assert.ok(hostProblem(request(null, url), { hostRequired: true }));
});

Deno.test("rejects a request without Host unless it may be HTTP/2", () => {
  assert.ok(hostProblem(request(null), { hostRequired: true }));
  assert.ok(hostProblem(request(null, "http://a/"), { hostRequired: true }));
  assert.equal(hostProblem(request(null, "https://a/"), {}), undefined);
  // The authority of HTTP/2 is held to the same rule.
  for (const authority of ["user@a", "a%2f", "a,b"]) {
    assert.ok(hostProblem(request(null, `https://${authority}/`), {}), authority);
  }
});

Deno.test("takes authority and path from an absolute-form target", () => {
  const ofTarget = (url: string) => hostProblem(request("a", url), { hostRequired: true });
  for (
    const url of [
      "http://a/x",
      "http://b:81/x?y=/z",
      "https://b/",
      "http://a//b/x",
      "http://a/a/../x",
    ]
  ) {
    assert.equal(ofTarget(url), undefined, url);
  }
  for (
    const url of [
      "http://b",
      "http://b?q=/auth/verify",
      "http://b#/auth/verify",
      "http://user@b/x",
      "http://b,c/x",
      "http:///x",
      "http:/x",
      "ftp://b/x",
      "http://a/x#fragment",
      // What Deno reports of CONNECT.
      "http://b:80",
      "b:80",
    ]
  ) assert.ok(ofTarget(url), url);
  assert.equal(requestPath("http://b:81/x?y=/z"), "/x");
});

Deno.test("rejects an invalid Host before forward auth, introspection and the router", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  for (
    const path of [
      "/auth/verify",
      "/auth/verify/x",
      "/healthz",
      "/oauth/introspect",
      "/oauth/token",
      "/.well-known/openid-configuration",
      "/api/v1/tokens",
      "/signin",
      "/nothing",
    ]
  ) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await server.request(path, { method, headers: { host: "a/healthz?x=" } });
      assert.equal(response.status, 400, `${method} ${path}`);
      assert.equal((await response.json()).error, "invalid_request");
    }
  }
  const valid = await server.request("/healthz", { headers: { host: new URL(ISSUER).host } });
  assert.equal(valid.status, 200);
});

Deno.test("returns 404 for a path that a proxy may read differently", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const routed = async (path: string) => {
    // As Deno hands it over: a Request of our own would have its path normalized.
    const request = new Request(ISSUER, { headers: { host: new URL(ISSUER).host } });
    Object.defineProperty(request, "url", { value: ISSUER + path });
    const { status, body } = await app(server.parts).fetch(request, { peer: "192.0.2.1" });
    await body?.cancel();
    return status;
  };
  assert.notEqual(await routed("/admin/trust"), 404);
  assert.notEqual(await routed("/.well-known/openid-configuration"), 404);
  for (const path of ["/%61dmin/trust", "/admin%2ftrust", "/x/../admin/trust", "/./admin/trust"]) {
    assert.equal(await routed(path), 404, path);
  }
});
