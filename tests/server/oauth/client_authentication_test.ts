/** Client authentication (RFC 6749 section 2.3) and what the server caches of it. */
import assert from "node:assert/strict";
import { deleteClient, insertClient } from "../../../server/store/clients.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { brand } from "../../../shared/brand.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const basic = (id: string, secret: string) => `Basic ${btoa(`${id}:${secret}`)}`;

function isCached(server: TestServer, authorization: string): boolean {
  return server.parts.tokenValidator.clients.authenticated(authorization) !== undefined;
}

async function introspect(server: TestServer, authorization: string): Promise<number> {
  return (await server.post("/oauth/introspect", { token: "x" }, { authorization })).status;
}

/** The cache is used once the database is known to report changes. */
async function untilCached(server: TestServer, authorization: string): Promise<void> {
  await eventually("the credentials are cached", async () => {
    assert.equal(await introspect(server, authorization), 200);
    return isCached(server, authorization);
  });
}

testOnEachDatabase(
  "rejects a client that was removed or whose secret has changed",
  async (location) => {
    await using server = await testServer(location);
    const { sql, tokenValidator, clock } = server.parts;
    const now = new Date(clock.now());
    const add = (secret: string) =>
      insertClient(sql, {
        id: "api",
        name: "an API",
        secretHash: tokenHash(secret),
        grants: [],
        now,
      });
    const inBody = async (secret: string) => {
      const form = { token: "x", client_id: "api", client_secret: secret };
      return (await server.post("/oauth/introspect", form)).status;
    };
    await add("first");
    for (let use = 0; use < 2; use++) {
      assert.equal(await introspect(server, basic("api", "first")), 200);
      assert.equal(await inBody("first"), 200);
    }
    await deleteClient(sql, "api");
    tokenValidator.invalidate("client:api");
    assert.equal(await introspect(server, basic("api", "first")), 401);
    assert.equal(await inBody("first"), 401);
    await add("second");
    tokenValidator.invalidate("client:api");
    for (const [secret, status] of [["first", 401], ["second", 200]] as const) {
      assert.equal(await introspect(server, basic("api", secret)), status, secret);
      assert.equal(await inBody(secret), status, secret);
    }
  },
);

testOnEachDatabase(
  "caches only short credentials of confidential clients, since anyone can invent others",
  async (location) => {
    await using server = await testServer(location);
    const { sql, clock } = server.parts;
    const now = new Date(clock.now());
    const add = async (id: string, secret: string) => {
      await insertClient(sql, {
        id,
        name: "an API",
        secretHash: tokenHash(secret),
        grants: [],
        now,
      });
      return basic(id, secret);
    };
    const short = await add("short", "secret");
    const long = await add("long", "s".repeat(500));
    await untilCached(server, short);
    assert.equal(await introspect(server, long), 200);
    assert.equal(isCached(server, long), false);
    for (const secret of ["", "a", "b"]) {
      const authorization = basic(brand.cliClientId, secret);
      await introspect(server, authorization);
      assert.equal(isCached(server, authorization), false, secret);
    }
    const wrong = basic("short", "wrong");
    assert.equal(await introspect(server, wrong), 401);
    assert.equal(isCached(server, wrong), false);
  },
);
