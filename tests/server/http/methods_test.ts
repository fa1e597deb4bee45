/** Invariant: what HTTP itself prescribes holds at every path, whatever the endpoint. */
import assert from "node:assert/strict";
import { PATHS } from "../../../server/oauth/metadata.ts";
import { databaseKinds } from "../../support/databases.ts";
import { testServer } from "../../support/test_server.ts";

const DOCUMENTS = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
  PATHS.keySet,
  "/api/openapi.json",
];

Deno.test("returns an Allow header with the supported methods with every 405", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { paths } = await (await server.request("/api/openapi.json")).json();
  const id = "0197a000-0000-7000-8000-000000000001";
  const known = [
    ...Object.values(PATHS),
    ...DOCUMENTS,
    "/healthz",
    "/readyz",
    ...Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, id)),
  ];
  for (const path of new Set(known)) {
    const allowed = new Set<string>();
    const refused = new Set<string>();
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await server.request(path, { method });
      await response.body?.cancel();
      if (response.status !== 405) continue;
      refused.add(method);
      const allow = response.headers.get("allow");
      assert.ok(allow, `${method} ${path}`);
      for (const named of allow.split(", ")) allowed.add(named);
    }
    assert.ok(refused.has("PUT"), path);
    assert.notEqual(allowed.size, 0, path);
    for (const method of allowed) assert.ok(!refused.has(method), `${method} ${path}`);
  }
});

Deno.test("does not take a fixed path for the id of a token", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  for (const method of ["GET", "DELETE"]) {
    const response = await server.request("/api/v1/tokens/import", { method });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
    assert.match((await response.json()).type, /#method$/);
  }
});

Deno.test("answers preflights for public documents, and for nothing else", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const preflight = async (path: string, method = "GET") => {
    const response = await server.request(path, {
      method: "OPTIONS",
      headers: {
        origin: "https://elsewhere.example",
        "access-control-request-method": method,
        "access-control-request-headers": "x-requested-with",
      },
    });
    await response.body?.cancel();
    return response;
  };
  for (const path of DOCUMENTS) {
    const { status, headers } = await preflight(path);
    assert.equal(status, 204, path);
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.ok(headers.get("access-control-allow-methods")!.includes("GET"));
    assert.equal(headers.get("access-control-allow-headers"), "*");
    assert.equal(headers.get("access-control-allow-credentials"), null);
    const document = await server.request(path, {
      headers: { origin: "https://elsewhere.example" },
    });
    await document.body?.cancel();
    assert.equal(document.headers.get("access-control-allow-origin"), "*");
  }
  for (const path of [PATHS.token, PATHS.userinfo, "/api/v1/tokens", "/signin", "/healthz"]) {
    const { headers } = await preflight(path, "POST");
    assert.equal(headers.get("access-control-allow-origin"), null, path);
  }
});

Deno.test("sends Strict-Transport-Security if the issuer is https", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const headerOf = async (path: string, method = "GET") => {
    const response = await server.request(path, { method });
    await response.body?.cancel();
    return response.headers.get("strict-transport-security");
  };
  for (const path of ["/", "/signin", "/nothing", "/healthz", "/api/v1/tokens", ...DOCUMENTS]) {
    assert.match(await headerOf(path) ?? "", /^max-age=\d{8,}$/, path);
  }
  assert.match(await headerOf(PATHS.token, "POST") ?? "", /^max-age=\d{8,}$/);
});
