/** The OpenAPI document says what the server does, and people can read it. */
import assert from "node:assert/strict";
import { testOnEachDatabase } from "../support/databases.ts";
import { addPerson, call, describeScopes, makeToken } from "../support/personal_access_tokens.ts";
import { testServer } from "../support/test_server.ts";

testOnEachDatabase("every operation of the document is there", async (location) => {
  await using server = await testServer(location, describeScopes);
  const document = await (await server.request("/api/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  const alice = await addPerson(server);
  const { id } = await makeToken(server, alice);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const body = operation.requestBody === undefined ? undefined : {};
      const where = path.replace("{id}", id);
      const answer = await call(server, alice.management, method.toUpperCase(), where, body);
      const known = answer.status in operation.responses || answer.body?.title !== undefined;
      assert.ok(known, `${method} ${path} answered ${answer.status}`);
      assert.notEqual(answer.status, 503, `${method} ${path}`);
    }
  }
  // References lead somewhere, and anchors of problems exist on the page.
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(name in document.components.schemas, name);
  }
  assert.ok(!text.includes("#/$defs/"));
  const missing = await call(server, alice.login, "GET", "/api/v1/nonsense");
  assert.equal(missing.status, 404);
  assert.match(missing.headers.get("content-type")!, /problem\+json/);
  const page = await (await server.request("/api/docs")).text();
  assert.ok(page.includes(`id="${missing.body.type.split("#")[1]}"`));
  for (const name of Object.keys(document.components.schemas)) {
    assert.ok(page.includes(`id="schema-${name}"`), name);
  }
});

interface Operation {
  requestBody?: unknown;
  responses: Record<string, unknown>;
}
