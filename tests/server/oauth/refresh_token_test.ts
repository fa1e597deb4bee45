/**
 * Rotation (RFC 9700 section 4.14.2). Invariants: a lost response never loses a login, and no token
 * works once a later one has been used.
 */
import assert from "node:assert/strict";
import { refreshTokenGrant } from "../../../server/oauth/grants/refresh_token.ts";
import { commandLineClient } from "../../../server/store/clients.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { revokeRefreshTokenFamilies } from "../../../server/store/refresh_token_families.ts";
import {
  deriveNextRefreshToken,
  generateRefreshToken,
} from "../../../server/tokens/refresh_token.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { setUserDisabled, updateUser } from "../../../server/admin/user_operations.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";
import { testOnEachDatabase } from "../../support/databases.ts";

async function loggedIn(server: TestServer): Promise<{ userId: string; token: string }> {
  const user = await server.addUser();
  const tokens = await server.login(user.id);
  return { userId: user.id, token: tokens.refresh_token! };
}

async function refused(server: TestServer, token: string, description: RegExp): Promise<void> {
  const answer = await server.refresh(token);
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error, "invalid_grant");
  assert.match(answer.body.error_description, description);
}

testOnEachDatabase(
  "each refresh returns a new token, and only hashes are stored",
  async (location) => {
    await using server = await testServer(location);
    let { token } = await loggedIn(server);
    const seen = [token];
    for (let i = 0; i < 3; i++) {
      const answer = await server.refresh(token);
      assert.equal(answer.status, 200);
      assert.ok(answer.body.access_token);
      assert.ok(answer.body.id_token);
      token = answer.body.refresh_token;
      assert.ok(!seen.includes(token));
      seen.push(token);
    }
    const stored = JSON.stringify(await server.parts.sql`select * from refresh_token_families`);
    for (const token of seen) assert.ok(!stored.includes(token));
  },
);

testOnEachDatabase(
  "returns the same successor again after a lost response",
  async (location) => {
    await using server = await testServer(location);
    const { token } = await loggedIn(server);
    const lost = await server.refresh(token);
    for (let i = 0; i < 3; i++) {
      server.clock.advance({ hours: 5 });
      const repeated = await server.refresh(token);
      assert.equal(repeated.status, 200);
      assert.equal(repeated.body.refresh_token, lost.body.refresh_token);
    }
    const next = await server.refresh(lost.body.refresh_token);
    assert.equal(next.status, 200);
    // The successor's own response may be lost too.
    const again = await server.refresh(lost.body.refresh_token);
    assert.equal(again.body.refresh_token, next.body.refresh_token);
  },
);

testOnEachDatabase("a replay after the successor was used revokes the login", async (location) => {
  await using server = await testServer(location);
  const { token, userId } = await loggedIn(server);
  const second = (await server.refresh(token)).body.refresh_token;
  const third = (await server.refresh(second)).body.refresh_token;
  await refused(server, token, /used before/);
  await refused(server, third, /revoked/);
  await refused(server, second, /revoked/);
  await refused(server, token, /revoked/);
  const events = await server.parts.sql`
    select * from audit_log where event = 'refresh_token.replayed'`;
  assert.equal(events.length, 1);
  assert.equal(events[0].actor, userId);
  assert.ok(!JSON.stringify(events).includes(token));
});

testOnEachDatabase("fifty simultaneous refreshes return one successor", async (location) => {
  await using server = await testServer(location);
  const { token } = await loggedIn(server);
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.refresh(token)));
  const successors = new Set(answers.map(({ body }) => body.refresh_token));
  assert.deepEqual(answers.map(({ status }) => status), Array(50).fill(200));
  assert.equal(successors.size, 1);
  assert.equal((await server.refresh([...successors][0])).status, 200);
});

testOnEachDatabase("an unused login expires after the idle lifetime", async (location) => {
  await using server = await testServer(location, (config) => {
    config.refreshTokenIdleLifetime = 7 * 86400;
    config.refreshTokenAbsoluteLifetime = 365 * 86400;
  });
  let { token } = await loggedIn(server);
  for (let week = 0; week < 6; week++) {
    server.clock.advance({ days: 6, hours: 23 });
    const answer = await server.refresh(token);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.refresh_token_expires_in, 7 * 86400);
    token = answer.body.refresh_token;
  }
  server.clock.advance({ days: 7 });
  await refused(server, token, /expired/);
});

testOnEachDatabase("a login expires after the absolute lifetime, used or not", async (location) => {
  await using server = await testServer(location, (config) => {
    config.refreshTokenIdleLifetime = 7 * 86400;
    config.refreshTokenAbsoluteLifetime = 30 * 86400;
  });
  let { token } = await loggedIn(server);
  for (let day = 1; day < 30; day++) {
    server.clock.advance({ days: 1 });
    const answer = await server.refresh(token);
    assert.equal(answer.status, 200, `day ${day}`);
    token = answer.body.refresh_token;
  }
  server.clock.advance({ days: 1 });
  await refused(server, token, /expired/);
});

testOnEachDatabase("checks the account at each refresh", async (location) => {
  await using server = await testServer(location);
  const { token, userId } = await loggedIn(server);
  const { sql } = server.parts;
  await sql`update users set disabled_at = created_at where id = ${userId}`;
  await refused(server, token, /disabled/);
  await sql`update users set disabled_at = null where id = ${userId}`;
  assert.equal((await server.refresh(token)).status, 200);
});

testOnEachDatabase("a refresh can narrow the scope, never widen it", async (location) => {
  await using server = await testServer(location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
  });
  const { token } = await loggedIn(server);
  const wider = await server.refresh(token, { scope: "openid deploy" });
  assert.equal(wider.body.error, "invalid_scope");
  const narrower = await server.refresh(token, { scope: "openid" });
  assert.equal(narrower.body.scope, "openid");
  // The refused request spent nothing, and the narrowed one did not narrow the login.
  const whole = await server.refresh(narrower.body.refresh_token);
  assert.equal(whole.body.scope, "openid profile email offline_access");
});

testOnEachDatabase(
  "rejects unknown tokens and those of other clients",
  async (location) => {
    await using server = await testServer(location);
    const { token } = await loggedIn(server);
    const client = await server.addClient();
    const stolen = await server.post("/oauth/token", {
      grant_type: "refresh_token",
      refresh_token: token,
    }, { authorization: client.authorization });
    assert.equal(stolen.body.error, "invalid_grant");
    await refused(server, token.slice(0, -1) + (token.endsWith("0") ? "1" : "0"), /unknown/);
    await refused(server, "nonsense", /unknown/);
    assert.equal((await server.refresh(token)).status, 200);
  },
);

testOnEachDatabase("issues no refresh token without offline_access", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const tokens = await server.login(user.id, "openid");
  assert.equal(tokens.refresh_token, undefined);
  assert.ok(tokens.id_token);
  const bare = await server.login(user.id, "profile");
  assert.equal(bare.id_token, undefined);
});

testOnEachDatabase(
  "disabling a user, or a new password, revokes logins permanently",
  async (location) => {
    await using server = await testServer(location);
    const { parts } = server;
    const email = "alice@example.test";
    const user = await server.addUser(email);
    const first = await server.login(user.id);
    const approved = await server.startLogin();
    await server.decide(approved.user_code, user.id);
    await setUserDisabled(parts, { email, disabled: true });
    await setUserDisabled(parts, { email, disabled: false });
    await refused(server, first.refresh_token!, /revoked/);
    assert.equal((await server.poll(approved.device_code)).body.error, "access_denied");
    const second = await server.login(user.id);
    await updateUser(parts, { email, name: "Alice" });
    const renewed = await server.refresh(second.refresh_token!);
    assert.equal(renewed.status, 200);
    await updateUser(parts, { email, passwordHash: "$scrypt$other" });
    await refused(server, renewed.body.refresh_token, /revoked/);
  },
);

/** Refreshes; `meanwhile` runs after the login was looked at and before its token is rotated. */
async function refreshWhile(
  server: TestServer,
  token: string,
  meanwhile: () => Promise<unknown>,
): Promise<string | undefined> {
  const { sql } = server.parts;
  let hook: typeof meanwhile | undefined = meanwhile;
  const delaying = new Proxy(sql, {
    apply(target, self, args) {
      const query = () => Reflect.apply(target, self, args);
      const run = hook;
      if (run === undefined || !args[0].raw?.[0].includes("update refresh_token_families")) {
        return query();
      }
      hook = undefined;
      return run().then(query);
    },
  });
  const answer = await refreshTokenGrant({ ...server.parts, sql: delaying as Sql }).handle({
    client: commandLineClient,
    parameter: (name) => name === "refresh_token" ? token : undefined,
    address: "192.0.2.1",
    userAgent: "test/1",
  });
  assert.equal(hook, undefined, "it was rotated");
  return answer instanceof OAuthError ? answer.code : answer.refresh_token;
}

testOnEachDatabase(
  "a refresh uses the login's state at the rotation",
  async (location) => {
    await using server = await testServer(location);
    const { sql, clock } = server.parts;
    const now = new Date(clock.now());
    const ends: Record<string, (login: { userId: string; token: string }) => Promise<unknown>> = {
      "revoked": ({ userId }) => revokeRefreshTokenFamilies(sql, { userId, reason: "test", now }),
      "disabled": ({ userId }) => sql`update users set disabled_at = ${now} where id = ${userId}`,
      "expired": ({ userId }) =>
        sql`
        update refresh_token_families set idle_expires_at = ${now} where user_id = ${userId}`,
      "replayed": async ({ token }) => {
        const first = await server.refresh(token);
        await server.refresh(first.body.refresh_token);
      },
    };
    for (const [name, end] of Object.entries(ends)) {
      const login = await loggedIn(server);
      assert.equal(
        await refreshWhile(server, login.token, () => end(login)),
        "invalid_grant",
        name,
      );
    }
    // Another request with the same token was faster: both get the same successor.
    const { token } = await loggedIn(server);
    let successor: string | undefined;
    const same = await refreshWhile(server, token, async () => {
      successor = (await server.refresh(token)).body.refresh_token;
    });
    assert.equal(same, successor);
  },
);

testOnEachDatabase(
  "a login past its absolute expiration is expired, regardless of its idle expiration",
  async (location) => {
    await using server = await testServer(location);
    const { token } = await loggedIn(server);
    const now = server.clock.now();
    await server.parts.sql`update refresh_token_families set
    absolute_expires_at = ${new Date(now)}, idle_expires_at = ${new Date(now + 60_000)}`;
    assert.equal((await server.refresh(token)).body.error, "invalid_grant");
  },
);

Deno.test("a refresh token's successor depends on the server's key", () => {
  const token = generateRefreshToken();
  const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  assert.equal(deriveNextRefreshToken(token, first), deriveNextRefreshToken(token, first));
  assert.notEqual(deriveNextRefreshToken(token, first), deriveNextRefreshToken(token, second));
  assert.notEqual(
    deriveNextRefreshToken(token, first),
    deriveNextRefreshToken(generateRefreshToken(), first),
  );
});
