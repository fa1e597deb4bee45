/** The operator's policy on personal access tokens, and the JWTs for services behind a proxy. */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { sendExpiryReminders } from "../../../server/pats/expiry_reminders.ts";
import { createToken } from "../../../server/pats/create.ts";
import { userAsOwner } from "../../../server/pats/owner.ts";
import { findUser } from "../../../server/store/users.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { MAX_SCOPE_LENGTH } from "../../../shared/oauth/scope.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, managementToken } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const DAY = 86_400;

testOnEachDatabase("counts a rotation as a created token", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.personalAccessTokens.maxPerOwner = 3;
  });
  const alice = await addPerson(server);
  let { id } = await createPat(server, alice);
  const rotate = async () => {
    const path = `/api/v1/tokens/${id}/rotate`;
    const answer = await call(server, alice.management, "POST", path, { overlap: 0 });
    id = answer.body.id ?? id;
    return answer.status;
  };
  // Each leaves a row behind, so in turn they would fill the table.
  assert.deepEqual([await rotate(), await rotate(), await rotate()], [201, 201, 409]);
  server.clock.advance({ days: 1 });
  alice.management = await managementToken(server, alice);
  assert.equal(await rotate(), 201);
});

testOnEachDatabase(
  "rotates a token within the current policy, whatever the lifetime of the old one",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      config.personalAccessTokens.neverExpire = true;
    });
    const { parts, clock } = server;
    const alice = await addPerson(server);
    const endless = await createPat(server, alice, { expires_in: null });
    const long = await createPat(server, alice, { expires_in: 100 * DAY });
    const life = async (id: string) => {
      const path = `/api/v1/tokens/${id}/rotate`;
      const { body } = await call(server, alice.management, "POST", path, { overlap: 60 });
      const seconds = body.expires_at && (Date.parse(body.expires_at) - clock.now()) / 1000;
      return { id: body.id as string, seconds };
    };
    const still = await life(endless.id);
    assert.equal(still.seconds, null);
    const same = await life(long.id);
    assert.equal(same.seconds, 100 * DAY);
    parts.config.personalAccessTokens.neverExpire = false;
    parts.config.personalAccessTokens.maxLifetime = 30 * DAY;
    assert.equal((await life(still.id)).seconds, 30 * DAY);
    assert.equal((await life(same.id)).seconds, 30 * DAY);
  },
);

testOnEachDatabase("creates no token for a disabled account", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { sql } = server.parts;
  const now = new Date(server.clock.now());
  const admin = await addPerson(server, { admin: true });
  await createServiceAccount(sql, { name: "ci", scope: "deploy", now });
  const create = () =>
    call(server, admin.management, "POST", "/api/v1/tokens", {
      name: "CI",
      scopes: ["deploy"],
      owner: "ci",
    });
  const created = await create();
  assert.equal(created.status, 201);
  await sql`update service_accounts set disabled_at = ${now}`;
  assert.equal((await create()).status, 403);
  const path = `/api/v1/tokens/${created.body.id}/rotate`;
  assert.equal((await call(server, admin.management, "POST", path, { overlap: 0 })).status, 403);
});

testOnEachDatabase("limits the scopes and networks of a token", async (location) => {
  const names = Array.from({ length: 20 }, (_, index) => `scope-${index + 10}-${"x".repeat(11)}`);
  await using server = await testServer(location, (config) => {
    for (const name of names) config.scopes.push({ name, description: name });
  });
  const { parts } = server;
  const { id } = await server.addUser();
  const owner = userAsOwner((await findUser(parts.sql, id))!);
  let count = 0;
  const create = async (request: { scopes?: string[]; allowedAddresses?: string[] }) => {
    const created = await createToken(parts, {
      owner,
      request: { name: `CI ${count++}`, scopes: [], allowedAddresses: [], ...request },
      actor: { id, address: "192.0.2.1" },
    });
    return created instanceof DomainError ? created.code : "created";
  };
  const networks = (count: number) => Array.from({ length: count }, (_, i) => `192.0.2.${i}`);
  assert.equal(await create({ allowedAddresses: networks(50) }), "created");
  assert.equal(await create({ allowedAddresses: networks(51) }), "invalid");
  const some = names.slice(0, 12);
  assert.ok(some.join(" ").length < MAX_SCOPE_LENGTH);
  assert.equal(await create({ scopes: some }), "created");
  assert.ok(names.join(" ").length > MAX_SCOPE_LENGTH);
  assert.equal(await create({ scopes: names }), "invalid");
});

testOnEachDatabase(
  "/auth/verify requires the scopes of the header in addition to those of the query",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice, { scopes: ["read"] });
    const demand = async (query: string, header: string) =>
      (await verify(server, token, query, { "x-auth-required-scope": header })).status;
    for (const query of ["", "?jwt=1", "?scope=read", "?basic=1", "/?x=1", "/path?x=1"]) {
      assert.equal(await demand(query, "read"), 200, query);
      assert.equal(await demand(query, "deploy"), 403, query);
    }
    // Below our path the query is the client's own.
    assert.equal(await demand("/path?scope=deploy", "read"), 200);
  },
);

testOnEachDatabase(
  "/auth/verify?jwt=1 returns a fresh JWT that expires with its token, or the caller's own",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { clock } = server;
    const alice = await addPerson(server);
    const upstream = async (token: string) =>
      (await verify(server, token, "?jwt=1")).headers.get("x-auth-jwt")!;
    const now = () => clock.now() / 1000;
    assert.equal(await upstream(alice.login), alice.login);

    const { token } = await createPat(server, alice, { expires_in: 1000 });
    for (let seconds = 0; seconds < 1000; seconds += 20) {
      const jwt = await upstream(token);
      const { exp, iat } = decodeJwt(jwt);
      const left = 1000 - seconds;
      assert.ok(exp! - now() <= left, `ends ${exp! - now() - left} s after its token`);
      assert.ok(exp! - now() >= Math.min(150, left / 2) - 1, `${exp! - now()} s left`);
      assert.ok(now() - iat! <= 150);
      assert.equal((await verify(server, jwt)).status, 200);
      clock.advance({ seconds: 20 });
    }
    assert.equal((await verify(server, token, "?jwt=1")).status, 401);
  },
);

/** A server with a webhook, and the events it received. */
async function withWebhook(location: Parameters<typeof testServer>[0]) {
  const events: string[] = [];
  const server = await testServer(location, (config) => {
    describeScopes(config);
    config.webhook = { url: "https://hooks.example.test/", secret: "a secret" };
  });
  server.outgoing = (_url, init) => {
    const { type, data } = JSON.parse(String(init!.body));
    events.push(`${type} ${data.token.name}`);
    return Promise.resolve(new Response(null));
  };
  const receivedEvents = async () => {
    await server.parts.webhook.close();
    return events;
  };
  return { server, receivedEvents };
}

testOnEachDatabase("notifies the owner of an imported token", async (location) => {
  const { server, receivedEvents } = await withWebhook(location);
  await using _ = server;
  const admin = await addPerson(server, { admin: true });
  const { email } = await server.addUser();
  const body = {
    token_hash: "ab".repeat(32),
    name: "old",
    scopes: ["deploy"],
    owner: email,
    expires_at: "2027-01-01T00:00:00Z",
  };
  const import_ = () => call(server, admin.management, "POST", "/api/v1/tokens/import", body);
  assert.equal((await import_()).status, 201);
  assert.equal((await import_()).status, 409);
  assert.deepEqual(await receivedEvents(), ["token.imported old"]);
});

testOnEachDatabase(
  "sends a reminder that could not be sent as soon as there is a channel",
  async (location) => {
    const { server, receivedEvents } = await withWebhook(location);
    await using _ = server;
    const { parts, clock } = server;
    const admin = await addPerson(server, { admin: true });
    await createServiceAccount(parts.sql, {
      name: "ci",
      scope: "deploy",
      now: new Date(clock.now()),
    });
    const expiring = { expires_in: 3 * DAY, scopes: ["deploy"] };
    await createPat(server, admin, { ...expiring, name: "person's" });
    await createPat(server, admin, { ...expiring, name: "account's", owner: "ci" });
    clock.advance({ hours: 60 });
    const warnWith = (change: Partial<TestServer["parts"]["config"]>) => {
      const silent = { send() {} };
      const webhook = "webhook" in change ? silent : parts.webhook;
      return sendExpiryReminders({ ...parts, webhook, config: { ...parts.config, ...change } });
    };
    await warnWith({ webhook: undefined, mail: undefined });
    const reminded = await parts.sql`
      select name from personal_access_tokens where expiry_warnings > 0`;
    assert.deepEqual([...reminded], []);
    // By mail, which service accounts do not have. No server listens there; the attempt counts.
    await warnWith({ webhook: undefined, mail: { url: "smtp://127.0.0.1:1", from: "a@b" } });
    await warnWith({});
    const events = await receivedEvents();
    assert.equal(events.filter((event) => event.endsWith("account's")).length, 1);
  },
);
