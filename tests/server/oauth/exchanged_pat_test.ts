/** A JWT for a personal access token never permits more than the token, where the server validates it. */
import assert from "node:assert/strict";
import { ACCESS_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { brand } from "../../../shared/brand.ts";
import { signAccessToken } from "../../../server/tokens/access_token.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, type Person } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

/** Both JWTs of a token: exchanged for it, and issued for the service behind a proxy. */
async function derivedTokens(server: TestServer, token: string): Promise<string[]> {
  const traded = await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token_type: ACCESS_TOKEN_TYPE,
    subject_token: token,
  });
  assert.equal(traded.status, 200, JSON.stringify(traded.body));
  const forwarded = (await verify(server, token, "?jwt=1")).headers.get("x-auth-jwt");
  return [traded.body.access_token, forwarded!];
}

async function demote(server: TestServer, { id }: Person): Promise<void> {
  await server.parts.sql`update users set is_admin = false where id = ${id}`;
  server.parts.tokenValidator.invalidate(`principal:${id}`);
}

testOnEachDatabase(
  "derived JWTs and logins lose the scopes that the owner loses",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server, { admin: true });
    // Another administrator, who stays one.
    await addPerson(server, { admin: true });
    const client = await server.addClient();
    const { token } = await createPat(server, alice, { scopes: ["deploy", "operate"] });
    const login = (await server.login(alice.id, "openid operate")).access_token;
    const derived = await derivedTokens(server, token);
    for (const jwt of [...derived, login]) {
      assert.equal((await verify(server, jwt, "?scope=operate")).status, 200);
    }
    await demote(server, alice);
    for (const jwt of [...derived, login]) {
      assert.equal((await verify(server, jwt, "?scope=operate")).status, 403);
      const { authorization } = client;
      const told = await server.post("/oauth/introspect", { token: jwt }, { authorization });
      assert.equal(told.body.active, true);
      assert.ok(!told.body.scope.includes("operate"), told.body.scope);
    }
  },
);

testOnEachDatabase(
  "rejects the exchange of a derived JWT, which would extend it indefinitely",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice);
    for (const jwt of await derivedTokens(server, token)) {
      const answer = await server.post("/oauth/token", {
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token_type: ACCESS_TOKEN_TYPE,
        subject_token: jwt,
      });
      assert.equal(answer.status, 400);
      assert.equal(answer.body.error, "invalid_request");
      assert.equal(answer.body.access_token, undefined);
    }
  },
);

testOnEachDatabase(
  "limits a JWT's scopes to those of its client",
  async (location) => {
    const cli = { name: "builds", description: "Builds", clients: [brand.cliClientId] };
    await using server = await testServer(location, (config) => {
      config.scopes.push(cli);
    });
    const { issuer, clock, keys, config } = server.parts;
    const client = await server.addClient();
    config.scopes.push({ name: "robots", description: "Robots", clients: [client.id] });
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice, { scopes: ["builds"] });
    // Tokens are created by the command line, so what they are exchanged for counts as its.
    for (const jwt of await derivedTokens(server, token)) {
      assert.equal((await verify(server, jwt, "?scope=builds")).status, 200);
    }
    const sign = (clientId: string) =>
      signAccessToken({ issuer, clock, keys, lifetime: 300 }, {
        subject: alice.id,
        clientId,
        scope: "builds robots",
        audience: issuer,
        authenticatedAt: new Date(clock.now()),
      });
    for (
      const [id, has, lacks] of [
        [brand.cliClientId, "builds", "robots"],
        [client.id, "robots", "builds"],
      ]
    ) {
      const jwt = await sign(id);
      assert.equal((await verify(server, jwt, `?scope=${has}`)).status, 200, id);
      assert.equal((await verify(server, jwt, `?scope=${lacks}`)).status, 403, id);
    }
  },
);

testOnEachDatabase("derived JWTs have their token's allowed addresses", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { authorization } = await server.addClient();
  const { token } = await createPat(server, alice, { allowed_addresses: ["192.0.2.0/24"] });
  for (const jwt of await derivedTokens(server, token)) {
    assert.equal((await verify(server, jwt)).status, 200);
    for (
      const [client_address, active] of [["192.0.2.7", true], ["198.51.100.1", false]] as const
    ) {
      const form = { token: jwt, client_address };
      const told = await server.post("/oauth/introspect", form, { authorization });
      assert.equal(told.body.active, active, client_address);
    }
    const headers = { authorization: `Bearer ${jwt}` };
    const elsewhere = await server.request("/auth/verify", { headers }, "198.51.100.1");
    assert.equal(elsewhere.status, 401);
  }
});

testOnEachDatabase("userinfo and revocation accept personal access tokens", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { token } = await createPat(server, alice, { scopes: ["openid", "email"] });
  const told = await call(server, token, "GET", "/oauth/userinfo");
  assert.equal(told.status, 200, JSON.stringify(told.body));
  assert.deepEqual([told.body.sub, told.body.email], [alice.id, alice.email]);
  const without = await createPat(server, alice);
  assert.equal((await call(server, without.token, "GET", "/oauth/userinfo")).status, 403);
  const form = { client_id: brand.cliClientId, token };
  assert.equal((await server.post("/oauth/revoke", form)).status, 200);
  assert.match((await verify(server, token)).challenge!, /revoked/);
  const again = await call(server, token, "GET", "/oauth/userinfo");
  assert.equal(again.status, 401);
  assert.match(again.body.error_description, /revoked/);
});

testOnEachDatabase(
  "derived JWTs expire with their token, also when a rotation shortened it",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { authorization } = await server.addClient();
    const introspect = async (token: string) =>
      (await server.post("/oauth/introspect", { token }, { authorization })).body;
    const rotate = async (id: string, overlap: number) => {
      const path = `/api/v1/tokens/${id}/rotate`;
      assert.equal((await call(server, alice.management, "POST", path, { overlap })).status, 201);
    };

    const atOnce = await createPat(server, alice);
    const dead = await derivedTokens(server, atOnce.token);
    await rotate(atOnce.id, 0);
    for (const jwt of dead) assert.equal((await introspect(jwt)).active, false);

    const later = await createPat(server, alice);
    const living = await derivedTokens(server, later.token);
    for (const jwt of living) assert.equal((await introspect(jwt)).active, true);
    const end = server.clock.now() / 1000 + 60;
    await rotate(later.id, 60);
    server.clock.advance({ seconds: 59 });
    for (const jwt of living) {
      const { active, exp } = await introspect(jwt);
      assert.deepEqual({ active, exp }, { active: true, exp: end });
      assert.equal((await verify(server, jwt)).status, 200);
    }
    // Remembered as active a second ago, and nothing has changed since but the time.
    server.clock.advance({ seconds: 1 });
    for (const jwt of living) {
      assert.equal((await introspect(jwt)).active, false);
      assert.equal((await verify(server, jwt)).status, 401);
    }
  },
);
