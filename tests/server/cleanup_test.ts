/** Deletes rows that no longer matter, and none earlier. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cleanUp } from "../../server/cleanup.ts";
import { createSession, signInAddresses } from "../../server/store/sessions.ts";
import { recordJti } from "../../server/store/used_assertions.ts";
import { checkPasswordLimit } from "../../server/security/rate_limit.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { brand } from "../../shared/brand.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../support/pats.ts";
import { addPerson, managementToken } from "../support/person.ts";
import { type TestServer, testServer } from "../support/test_server.ts";
import { passwordSignIn } from "../support/password_sign_in.ts";

async function rows({ parts: { sql } }: TestServer, table: string): Promise<number> {
  const [{ count }] = await sql`select count(*)::int as count from ${sql(table)}`;
  return count;
}

testOnEachDatabase("keeps an access token revoked until it has expired", async (location) => {
  await using server = await testServer(location);
  const { id } = await server.addUser();
  // Without a login that could be revoked as a whole: only the record of the token decides.
  const { access_token: token, expires_in } = await server.login(id, "openid");
  const revocation = { client_id: brand.cliClientId, token };
  assert.equal((await server.post("/oauth/revoke", revocation)).status, 200);
  server.clock.advance({ seconds: expires_in - 1 });
  await cleanUp(server.parts);
  server.parts.tokenValidator.invalidate(`principal:${id}`);
  assert.match((await verify(server, token)).challenge!, /revoked/);
  server.clock.advance({ days: 1, minutes: 1 });
  await cleanUp(server.parts);
  assert.equal(await rows(server, "revoked_access_tokens"), 0);
});

testOnEachDatabase(
  "keeps an access token revoked on replicas whose clocks are behind",
  async (location) => {
    await using server = await testServer(location);
    const { id } = await server.addUser();
    const { access_token: token, expires_in } = await server.login(id, "openid");
    await server.post("/oauth/revoke", { client_id: brand.cliClientId, token });
    // One replica, whose clock is ahead, cleans up; on another the token has a second left.
    server.clock.advance({ seconds: expires_in + 30 });
    await cleanUp(server.parts);
    server.clock.advance({ seconds: -31 });
    server.parts.tokenValidator.invalidate(`principal:${id}`);
    assert.match((await verify(server, token)).challenge!, /revoked/);
  },
);

testOnEachDatabase(
  "rejects a used assertion until it has expired by the clock of every replica",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const expiresAt = new Date(server.clock.now() + 600_000);
    const assertion = { issuer: "https://ci.example", jti: "one", expiresAt };
    assert.equal(await recordJti(sql, assertion), true);
    server.clock.advance({ seconds: 599 });
    await cleanUp(server.parts);
    assert.equal(await recordJti(sql, assertion), false);
    // One replica, whose clock is ahead, cleans up; on another the assertion has a second left.
    server.clock.advance({ minutes: 10, seconds: 1 });
    await cleanUp(server.parts);
    server.clock.advance({ minutes: -10, seconds: -1 });
    assert.equal(await recordJti(sql, assertion), false);
    server.clock.advance({ hours: 1, seconds: 2 });
    await cleanUp(server.parts);
    assert.equal(await rows(server, "used_assertions"), 0);
  },
);

testOnEachDatabase("keeps an account locked", async (location) => {
  await using server = await testServer(location);
  const attempt = () =>
    checkPasswordLimit(server.parts.sql, {
      userId: "alice",
      email: "alice@example.com",
      address: "192.0.2.7",
      knownHere: false,
      now: new Date(server.clock.now()),
    });
  for (let count = 0; count < 10; count++) assert.ok("attempt" in await attempt());
  server.clock.advance({ minutes: 14 });
  await cleanUp(server.parts);
  assert.ok("retryAfterSeconds" in await attempt());
  server.clock.advance({ days: 1 });
  await cleanUp(server.parts);
  assert.equal(await rows(server, "failed_attempts"), 0);
});

testOnEachDatabase(
  "deletes a device code a day after it expired",
  async (location) => {
    await using server = await testServer(location);
    const { id } = await server.addUser();
    const [waiting, approved] = [await server.startLogin(), await server.startLogin()];
    await server.decide(approved.user_code, id);
    await cleanUp(server.parts);
    const login = await server.poll(approved.device_code);
    assert.equal(login.status, 200);
    server.clock.advance({ hours: 23 });
    await cleanUp(server.parts);
    assert.equal((await server.poll(waiting.device_code)).body.error, "expired_token");
    server.clock.advance({ hours: 2 });
    await cleanUp(server.parts);
    assert.equal((await server.poll(waiting.device_code)).body.error, "invalid_grant");
    assert.equal(await rows(server, "device_authorizations"), 0);
    // The login stays.
    assert.equal((await server.refresh(login.body.refresh_token)).status, 200);
  },
);

testOnEachDatabase(
  "deletes a login 30 days after it was revoked or expired, and no active login",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.refreshTokenIdleLifetime = 10 * 86_400;
      config.refreshTokenAbsoluteLifetime = 365 * 86_400;
    });
    const { sql } = server.parts;
    const { id } = await server.addUser();
    const left = async () => {
      await cleanUp(server.parts);
      return (await sql`select id from refresh_token_families`).length;
    };
    const error = async (token: string) => (await server.refresh(token)).body.error;
    let living = (await server.login(id)).refresh_token!;
    const revoked = (await server.login(id)).refresh_token!;
    await server.login(id);
    await server.post("/oauth/revoke", { client_id: brand.cliClientId, token: revoked });
    const advance = async (days: number) => {
      for (let day = 0; day < days; day += 9) {
        server.clock.advance({ days: 9 });
        living = (await server.refresh(living)).body.refresh_token;
      }
    };
    await advance(27);
    assert.equal(await left(), 3);
    await advance(9);
    assert.equal(await left(), 2, "without the revoked one");
    assert.equal(await error(revoked), "invalid_grant");
    await advance(9);
    assert.equal(await left(), 1, "without the unused one");
    assert.equal((await server.refresh(living)).status, 200);
    await sql`update refresh_token_families set
      absolute_expires_at = ${new Date(server.clock.now())},
      idle_expires_at = ${new Date(server.clock.now() + 365 * 86_400_000)}`;
    server.clock.advance({ days: 29 });
    assert.equal(await left(), 1);
    server.clock.advance({ days: 2 });
    assert.equal(await left(), 0);
  },
);

testOnEachDatabase(
  "keeps a token after the login that created it is deleted",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const login = await server.login(alice.id, "openid offline_access manage:tokens deploy");
    const { body: { access_token: managing } } = await server.refresh(login.refresh_token!, {
      resource: "https://auth.example.test/api/v1",
    });
    const created = await createPat(server, { ...alice, management: managing }, {
      expires_in: 86_400,
    });
    assert.notEqual(created.login_id, null);
    const kept = await createPat(server, { ...alice, management: managing }, {
      expires_in: 300 * 86_400,
    });
    await server.post("/oauth/revoke", {
      client_id: brand.cliClientId,
      token: login.refresh_token!,
    });
    server.clock.advance({ days: 31 });
    await cleanUp(server.parts);
    assert.equal((await verify(server, kept.token)).status, 200);
    const management = await managementToken(server, alice);
    const response = await call(server, management, "GET", `/api/v1/tokens/${kept.id}`);
    assert.equal(response.body.login_id, null);
  },
);

testOnEachDatabase(
  "deletes an expired or revoked personal access token after its audit events",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      config.auditRetention = 30 * 86_400;
      config.personalAccessTokens.neverExpire = true;
    });
    const { sql } = server.parts;
    const alice = await addPerson(server);
    const names = async () => {
      await cleanUp(server.parts);
      return (await sql`select name from personal_access_tokens order by name`)
        .map(({ name }) => name);
    };
    const make = (name: string, expires_in: number | null) =>
      createPat(server, alice, { name, expires_in });
    const endless = await make("endless", null);
    await make("expired", 86_400);
    const rotated = await make("rotated", 40 * 86_400);
    const successor = await call(
      server,
      alice.management,
      "POST",
      `/api/v1/tokens/${rotated.id}/rotate`,
      { overlap: 0, expires_in: 300 * 86_400 },
    );
    assert.equal(successor.status, 201);
    // Revoked in time, it is kept for as long as from its revocation.
    const revoked = await make("revoked", 86_400);
    await sql`update personal_access_tokens set revoked_at = expires_at, expires_at = created_at
      where id = ${revoked.id}`;
    server.clock.advance({ days: 29 });
    assert.deepEqual(await names(), ["endless", "expired", "revoked", "rotated", "rotated"]);
    assert.notEqual(await rows(server, "audit_log"), 0);
    server.clock.advance({ days: 1, hours: 1 });
    assert.deepEqual(await names(), ["endless", "expired", "revoked", "rotated"]);
    server.clock.advance({ days: 1 });
    assert.deepEqual(await names(), ["endless", "rotated"]);
    server.clock.advance({ days: 7 });
    await cleanUp(server.parts);
    assert.equal(await rows(server, "audit_log"), 0, "the week of the events is over");
    for (const token of [endless.token, successor.body.token]) {
      assert.equal((await verify(server, token)).status, 200);
    }
  },
);

testOnEachDatabase("rejects the JWTs of a deleted token", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { id, token } = await createPat(server, alice);
  const jwt = (await verify(server, token, "?jwt=1")).headers.get("x-auth-jwt")!;
  const login = await server.login(alice.id);
  for (const token of [jwt, login.access_token]) {
    assert.equal((await verify(server, token)).status, 200);
  }
  const { sql, tokenValidator } = server.parts;
  await sql`delete from personal_access_tokens where id = ${id}`;
  await sql`delete from refresh_token_families`;
  tokenValidator.invalidate(`principal:${alice.id}`);
  for (const token of [jwt, login.access_token]) {
    assert.equal((await verify(server, token)).status, 401);
  }
});

testOnEachDatabase(
  "deletes a browser session 90 days after it expired, so that rate limits know its address",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const { id } = await server.addUser();
    await createSession(sql, {
      tokenHash: tokenHash(randomUUID()),
      userId: id,
      ...passwordSignIn({}),
      now: new Date(server.clock.now()),
      expiresAt: new Date(server.clock.now() + 3_600_000),
      address: "192.0.2.7",
      userAgent: "",
    });
    server.clock.advance({ days: 90 });
    await cleanUp(server.parts);
    assert.deepEqual(await signInAddresses(sql, id), ["192.0.2.7"]);
    server.clock.advance({ hours: 2 });
    await cleanUp(server.parts);
    assert.deepEqual(await signInAddresses(sql, id), []);
  },
);

testOnEachDatabase(
  "deletes a replaced signing key after the last of its tokens has expired",
  async (location) => {
    await using server = await testServer(location);
    const { parts, clock } = server;
    const { id } = await server.addUser();
    const kids = async () => (await parts.keys.list()).map(({ kid }) => kid);
    const first = (await parts.keys.active()).kid;
    const activatesAt = await parts.keys.rotate(false);
    clock.set(activatesAt.getTime() - 1000);
    const { access_token: last, expires_in } = await server.login(id);
    await parts.keys.maintain();
    clock.advance({ seconds: expires_in - 1 });
    await cleanUp(parts);
    assert.equal((await kids()).includes(first), true);
    assert.equal((await verify(server, last)).status, 200, "to the last second");
    clock.advance({ hours: 1 });
    await cleanUp(parts);
    const stored = await parts.sql`select kid from signing_keys where kid = ${first}`;
    assert.equal(stored.length, 0, "nor is its private key kept");
    assert.equal((await server.login(id)).token_type, "Bearer");
  },
);
