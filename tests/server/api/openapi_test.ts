/** The OpenAPI document matches what the server does. */
import assert from "node:assert/strict";
import { apiOperations } from "../../../server/api/operations.ts";
import { openApiDocument } from "../../../server/api/openapi.ts";
import { encodeCursor } from "../../../server/pats/list_cursor.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { assertGolden } from "../../support/golden.ts";
import { call, createPat, describeScopes } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

testOnEachDatabase("serves every operation of the document", async (location) => {
  await using server = await testServer(location, describeScopes);
  const document = await (await server.request("/api/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  const alice = await addPerson(server);
  const { id } = await createPat(server, alice);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const body = operation.requestBody === undefined ? undefined : {};
      const where = path.replace("{id}", id);
      const answer = await call(server, alice.management, method.toUpperCase(), where, body);
      const known = answer.status in operation.responses;
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

testOnEachDatabase(
  "documents each problem that an operation returns",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const document = await (await server.request("/api/openapi.json")).json();
    const alice = await addPerson(server, { admin: true });
    const { id } = await createPat(server, alice);
    const send = async (
      path: string,
      operation: string,
      method: string,
      init: RequestInit = {},
    ) => {
      const headers = new Headers({
        authorization: `Bearer ${alice.management}`,
        "content-type": "application/json",
        ...Object.fromEntries(new Headers(init.headers)),
      });
      if (headers.get("authorization") === "") headers.delete("authorization");
      const url = path.replaceAll(/\{\w+\}/g, id);
      const response = await server.request(url, { ...init, method, headers });
      await response.body?.cancel();
      const { responses } = document.paths[operation][method.toLowerCase()];
      assert.ok(response.status in responses, `${method} ${path}: ${response.status}`);
      return response.status;
    };
    for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
      for (const [method, { requestBody, responses, security }] of Object.entries(methods)) {
        const isRaw = !("415" in responses);
        const upper = method.toUpperCase();
        if (security.length > 0) {
          const headers = { authorization: "" };
          assert.equal(await send(path, path, upper, { headers }), 401);
          assert.ok("401" in responses);
        }
        if (path.includes("{id}")) {
          const valid = path.includes("/rotate")
            ? { overlap: 0 }
            : path.endsWith("/members")
            ? { user: id }
            : path.endsWith("/address-link")
            ? { email: "alice@example.org" }
            : path === "/api/v1/trust-requests/{id}/approve"
            ? { conditions: [], scopes: ["deploy"] }
            : {};
          const body = requestBody === undefined ? undefined : JSON.stringify(valid);
          const other = path.replace("{id}", "nonsense");
          assert.equal(await send(other, path, upper, { body }), 404);
        }
        if (requestBody === undefined) continue;
        for (const status of [413, 503]) assert.ok(status in responses, `${path}: ${status}`);
        if (isRaw) continue;
        assert.equal(await send(path, path, upper, { body: "[" }), 400);
        const headers = { "content-type": "text/plain" };
        assert.equal(await send(path, path, upper, { body: "{}", headers }), 415);
        assert.equal(await send(path, path, upper, { body: " ".repeat(2 ** 21) }), 413);
      }
    }
    for (
      const query of [
        "limit=0",
        "limit=101",
        "limit=1.5",
        "limit=x",
        "limit=",
        "limit=1e1",
        "limit=0x10",
        "all=1",
        "all=",
        "all=TRUE",
        "cursor=",
        "cursor=a%20b",
        "cursor=%3D",
      ]
    ) {
      assert.equal(await send(`/api/v1/tokens?${query}`, "/api/v1/tokens", "GET"), 400, query);
    }
    for (const query of ["limit=1", "limit=100", "all=false", "search=", "unknown=1"]) {
      assert.equal(await send(`/api/v1/tokens?${query}`, "/api/v1/tokens", "GET"), 200, query);
    }
  },
);

Deno.test("the OpenAPI document", async () => {
  const document = openApiDocument("https://auth.example.com", apiOperations);
  const text = JSON.stringify(
    { ...document, info: { ...document.info as object, version: "0" } },
    null,
    2,
  );
  await assertGolden("api/openapi.json", `${text}\n`);
});

Deno.test("the document has what client generators need", () => {
  const document = openApiDocument("https://auth.example.com", apiOperations) as unknown as {
    info: { license: { identifier: string } };
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties: Record<string, { items: Schema }> }> };
  };
  assert.equal(document.info.license.identifier, "MIT");
  const parameters = document.paths["/api/v1/tokens"].get.parameters ?? [];
  const schemaOf = (name: string) =>
    parameters.find((parameter) => parameter.name === name)!.schema;
  assert.deepEqual([schemaOf("limit").type, schemaOf("all").type], ["integer", "boolean"]);
  const cursor = encodeCursor({ createdAt: new Date(), id: crypto.randomUUID() });
  assert.match(cursor, new RegExp(schemaOf("cursor").pattern!));
  for (const name of ["NewToken", "ImportedToken"]) {
    const { items } = document.components.schemas[name].properties.allowed_addresses;
    for (const network of ["203.0.113.7", "10.0.0.0/8", "2001:DB8::/32", "::ffff:192.0.2.1"]) {
      assert.match(network, new RegExp(items.pattern!));
    }
    for (const invalid of ["fe80::1%eth0", "[::1]", "host.example", "10.0.0.0/", "::/1234"]) {
      assert.doesNotMatch(invalid, new RegExp(items.pattern!));
    }
  }
});

interface Schema {
  type?: string;
  pattern?: string;
}

interface Operation {
  security: unknown[];
  parameters?: { name: string; schema: Schema }[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
}
