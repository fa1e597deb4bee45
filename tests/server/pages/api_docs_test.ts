/** The documentation of the REST API, generated from its OpenAPI document. */
import assert from "node:assert/strict";
import { databaseKinds } from "../../support/databases.ts";
import { visitor } from "../../support/page_visitor.ts";
import { ISSUER, testServer } from "../../support/test_server.ts";

Deno.test("documents every operation of the REST API, with an example for this server", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { html, text } = await visitor(server).get("/api/docs");
  assert.ok(
    text.includes(`curl -H &quot;Authorization: Bearer $TOKEN&quot; ${ISSUER}/api/v1/tokens`),
  );
  const document = await (await server.request("/api/openapi.json")).json();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const { operationId, parameters = [] } = operation;
      assert.ok(html.includes(`<a href="#${operationId}">`), `contents name ${operationId}`);
      const [, section] = html.split(`id="${operationId}"`);
      const entry = section.split("</section>")[0];
      assert.ok(entry.includes(`${method.toUpperCase()} ${path}`));
      for (const { name } of parameters) assert.ok(entry.includes(`<code>${name}</code>`), name);
    }
  }
  const [, creation] = html.split('id="createToken"');
  assert.match(creation.split("</section>")[0], /<code>expires_in<\/code>[^]*, optional/);
  for (const [, anchor] of html.matchAll(/href="#([^"]*)"/g)) {
    assert.ok(html.includes(`id="${anchor}"`), `#${anchor} leads somewhere`);
  }
  assert.doesNotMatch(html, /&quot;(properties|additionalProperties|maxLength)&quot;/);
});

interface Operation {
  operationId: string;
  parameters?: { name: string }[];
}
