/**
 * RFC 8628 at the server. Invariant: a code is redeemed once, by the client it was issued to, after
 * a user approved it, and never after it expired.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { app } from "../../../server/app.ts";
import { cleanUp } from "../../../server/cleanup.ts";
import { brand } from "../../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import {
  decideDeviceAuthorization,
  enterUserCode,
} from "../../../server/store/device_authorizations.ts";
import { normalizeUserCode } from "../../../server/tokens/user_code.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addSession, FULL_SCOPE, testServer } from "../../support/test_server.ts";

testOnEachDatabase("a login with a device code runs from request to tokens", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const started = await server.startLogin();
  assert.match(started.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.equal(started.interval, 5);
  assert.equal(started.expires_in, 900);
  assert.ok(started.device_code.startsWith(brand.tokenPrefixes.deviceCode));
  assert.ok(started.verification_uri_complete.endsWith(`?user_code=${started.user_code}`));

  const pending = await server.poll(started.device_code);
  assert.equal(pending.status, 400);
  assert.equal(pending.body.error, "authorization_pending");

  assert.equal(await server.decide(started.user_code.toLowerCase(), user.id), true);
  const answer = await server.poll(started.device_code);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.body.token_type, "Bearer");
  assert.equal(answer.body.expires_in, 900);
  assert.equal(answer.body.scope, FULL_SCOPE);
  assert.ok(answer.body.refresh_token.startsWith(brand.tokenPrefixes.refreshToken));
  assert.ok(answer.body.id_token);

  const again = await server.poll(started.device_code);
  assert.equal(again.body.error, "invalid_grant");
});

testOnEachDatabase("issues tokens to one of a hundred simultaneous polls", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const started = await server.startLogin();
  await server.decide(started.user_code, user.id);
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => server.poll(started.device_code)),
  );
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  for (const { status, body } of answers) {
    if (status !== 200) assert.equal(body.error, "invalid_grant");
  }
});

testOnEachDatabase("polling too fast adds 5 s to the interval of that code", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const started = await server.startLogin();
  const other = await server.startLogin();
  const expectError = async (error: string) => {
    assert.equal((await server.poll(started.device_code)).body.error, error);
  };
  await expectError("authorization_pending");
  server.clock.advance({ seconds: 1 });
  await expectError("slow_down"); // now 10 s
  server.clock.advance({ seconds: 6 });
  await expectError("slow_down"); // now 15 s
  assert.equal((await server.poll(other.device_code)).body.error, "authorization_pending");
  // A client that obeys waits 15 s from here and is never refused again.
  for (let i = 0; i < 5; i++) {
    server.clock.advance({ seconds: 15 });
    await expectError("authorization_pending");
  }
  // slow_down is only for pending codes: an approved one is redeemed immediately.
  await server.decide(started.user_code, user.id);
  assert.equal((await server.poll(started.device_code)).status, 200);
});

testOnEachDatabase(
  "two polls of one tick count as one, with either client authentication",
  async (location) => {
    await using server = await testServer(location);
    const started = await server.startLogin();
    const form = { grant_type: DEVICE_CODE_GRANT, device_code: started.device_code };
    const authorization = `Basic ${btoa(`${brand.cliClientId}:`)}`;
    const byHeader = async () =>
      (await server.post("/oauth/token", form, { authorization })).body.error;
    const inBody = async () => (await server.poll(started.device_code)).body.error;
    // As golang.org/x/oauth2 polls: by HTTP Basic, and after the error once more in the body.
    for (let tick = 0; tick < 5; tick++) {
      assert.deepEqual([await byHeader(), await inBody()], Array(2).fill("authorization_pending"));
      server.clock.advance({ seconds: 5 });
    }
    assert.deepEqual(
      await Promise.all([inBody(), inBody()]),
      ["authorization_pending", "authorization_pending"],
    );
    // A tick that comes too early slows the client down once, to 10 s.
    server.clock.advance({ seconds: 2 });
    assert.deepEqual([await byHeader(), await inBody()], ["slow_down", "slow_down"]);
    server.clock.advance({ seconds: 10 });
    assert.deepEqual([await byHeader(), await inBody()], Array(2).fill("authorization_pending"));
    assert.equal(await inBody(), "slow_down", "three at once are not one tick");
  },
);

testOnEachDatabase(
  "returns slow_down to device polls and 503 to other grants while the database is unavailable",
  async (location) => {
    await using server = await testServer(location);
    const user = await server.addUser();
    const { refresh_token: refreshToken } = await server.login(user.id);
    const started = await server.startLogin();
    assert.equal((await server.poll(started.device_code)).body.error, "authorization_pending");
    const { sql } = server.parts;
    const away = () => Promise.reject(new Error("the connection is gone"));
    const available = server.app;
    const unavailable = Object.assign(away, { begin: away }) as unknown as typeof sql;
    server.app = app({ ...server.parts, sql: unavailable });
    for (let poll = 0; poll < 3; poll++) {
      server.clock.advance({ seconds: 5 });
      const answer = await server.poll(started.device_code);
      assert.equal(answer.status, 429);
      assert.equal(answer.body.error, "slow_down");
      assert.equal(answer.headers.get("retry-after"), "5");
    }
    const refresh = await server.refresh(refreshToken!);
    assert.equal(refresh.status, 503);
    assert.equal(refresh.body.error, "temporarily_unavailable");
    server.app = available;
    // The client was not at fault, so the interval is unchanged.
    server.clock.advance({ seconds: 5 });
    assert.equal((await server.poll(started.device_code)).body.error, "authorization_pending");
    server.clock.advance({ seconds: 5 });
    assert.equal((await server.poll(started.device_code)).body.error, "authorization_pending");
    await server.decide(started.user_code, user.id);
    assert.equal((await server.poll(started.device_code)).status, 200);
  },
);

testOnEachDatabase("polling a pending code as another client has no effect", async (location) => {
  await using server = await testServer(location);
  const client = await server.addClient();
  const started = await server.startLogin();
  const form = { grant_type: DEVICE_CODE_GRANT, device_code: started.device_code };
  for (let poll = 0; poll < 3; poll++) {
    const foreign = await server.post("/oauth/token", form, {
      authorization: client.authorization,
    });
    assert.equal(foreign.status, 400);
    assert.equal(foreign.body.error, "invalid_grant");
  }
  const own = await server.poll(started.device_code);
  assert.equal(own.body.error, "authorization_pending", "nor is its own client slowed down");
});

testOnEachDatabase("network jitter does not slow down an honest client", async (location) => {
  await using server = await testServer(location);
  const started = await server.startLogin();
  for (const milliseconds of [5000, 4100, 5900, 4050, 5000, 8000, 4999, 4001]) {
    assert.equal((await server.poll(started.device_code)).body.error, "authorization_pending");
    server.clock.set(server.clock.now() + milliseconds);
  }
});

Deno.test("accepts a user code in any case, width and grouping", () => {
  const typed = [
    "bcdf-ghjk",
    " B C D F G H J K ",
    "ＢＣＤＦ－ＧＨＪＫ",
    "ｂｃｄｆｇｈｊｋ",
    "ｂｃｄｆーｇｈｊｋ",
    "Ⓑⓒⓓⓕ ⓖⓗⓙⓚ",
  ];
  for (const code of typed) assert.equal(normalizeUserCode(code), "BCDFGHJK", code);
  assert.equal(normalizeUserCode(`BCDFGHJK${"-".repeat(56)}`), "BCDFGHJK");
  assert.equal(normalizeUserCode(`BCDFGHJK${"-".repeat(57)}`), undefined, "too long to be one");
  for (const code of ["ＡＥＩＯＵＡＥＩ", "ＢＣＤＦＧＨＪ", "１２３４５６７８"]) {
    assert.equal(normalizeUserCode(code), undefined, code);
  }
});

testOnEachDatabase("rejects an expired code on entry and on polling", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const unentered = await server.startLogin();
  const approved = await server.startLogin();
  await server.decide(approved.user_code, user.id);
  server.clock.advance({ seconds: 899 });
  assert.equal((await server.poll(unentered.device_code)).body.error, "authorization_pending");
  server.clock.advance({ seconds: 1 });
  assert.equal(await server.decide(unentered.user_code, user.id), false);
  assert.equal((await server.poll(unentered.device_code)).body.error, "expired_token");
  assert.equal((await server.poll(approved.device_code)).body.error, "expired_token");
});

testOnEachDatabase("returns access_denied for a denied login", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const started = await server.startLogin();
  assert.equal(await server.decide(started.user_code, user.id, "denied"), true);
  assert.equal((await server.poll(started.device_code)).body.error, "access_denied");
  // The decision stands.
  assert.equal(await server.decide(started.user_code, user.id, "approved"), false);
});

testOnEachDatabase("only the session that entered a code can decide on it", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const [alice, mallory] = [await server.addUser(), await server.addUser()];
  const [hers, his] = [
    await addSession(server.parts, alice.id),
    await addSession(server.parts, mallory.id),
  ];
  const started = await server.startLogin();
  const now = new Date(server.clock.now());
  const userCode = normalizeUserCode(started.user_code)!;
  const { id } = (await enterUserCode(sql, { userCode, sessionId: hers, now }))!;
  const decide = (sessionId: string, userId: string) =>
    decideDeviceAuthorization(sql, {
      id,
      sessionId,
      userId,
      decision: "approved",
      scope: "openid",
      authenticatedAt: now,
      approverAddress: "192.0.2.1",
      now,
    });
  assert.equal(await decide(his, mallory.id), false);
  const decisions = await Promise.all(Array.from({ length: 20 }, () => decide(hers, alice.id)));
  assert.equal(decisions.filter(Boolean).length, 1);
});

testOnEachDatabase(
  "issues no tokens to an account disabled after the approval",
  async (location) => {
    await using server = await testServer(location);
    const user = await server.addUser();
    const started = await server.startLogin();
    await server.decide(started.user_code, user.id);
    await server.parts.sql`update users set disabled_at = created_at where id = ${user.id}`;
    const answer = await server.poll(started.device_code);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error, "access_denied");
  },
);

testOnEachDatabase("binds a code to its client and stores its hash", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const client = await server.addClient();
  const started = await server.startLogin();
  await server.decide(started.user_code, user.id);
  const stolen = await server.post("/oauth/token", {
    grant_type: DEVICE_CODE_GRANT,
    device_code: started.device_code,
  }, { authorization: client.authorization });
  assert.equal(stolen.body.error, "invalid_grant");
  const rows = await server.parts.sql`select * from device_authorizations`;
  assert.ok(!JSON.stringify(rows).includes(started.device_code));
});

testOnEachDatabase(
  "returns the standard's error code for invalid requests, without effect",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.scopes.push({ name: "deploy", description: "Deploy" });
    });
    const clientId = brand.cliClientId;
    const authorize = "/oauth/device/authorize";
    const cases: [string, Record<string, string>, number, string][] = [
      [authorize, {}, 401, "invalid_client"],
      [authorize, { client_id: "nobody" }, 400, "invalid_client"],
      [authorize, { client_id: clientId, client_secret: "x" }, 401, "invalid_client"],
      [authorize, { client_id: clientId, scope: "openid admin" }, 400, "invalid_scope"],
      [authorize, { client_id: clientId, scope: 'a"b' }, 400, "invalid_scope"],
      [authorize, { client_id: clientId, scope: "x".repeat(300) }, 400, "invalid_scope"],
      ["/oauth/token", { client_id: clientId }, 400, "invalid_request"],
      [
        "/oauth/token",
        { client_id: clientId, grant_type: "password" },
        400,
        "unsupported_grant_type",
      ],
      [
        "/oauth/token",
        { client_id: clientId, grant_type: DEVICE_CODE_GRANT },
        400,
        "invalid_request",
      ],
      [
        "/oauth/token",
        { client_id: clientId, grant_type: DEVICE_CODE_GRANT, device_code: "nonsense" },
        400,
        "invalid_grant",
      ],
      [
        "/oauth/token",
        { grant_type: DEVICE_CODE_GRANT, device_code: "nonsense" },
        401,
        "invalid_client",
      ],
    ];
    for (const [path, form, status, error] of cases) {
      const answer = await server.post(path, form);
      assert.equal(answer.body.error, error, JSON.stringify(form));
      assert.equal(answer.status, status, JSON.stringify(form));
      assert.ok(answer.body.error_description.length > 10);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    }
    const [{ count }] = await server.parts
      .sql`select count(*)::int as count from device_authorizations`;
    assert.equal(count, 0);

    const twice = await server.request("/oauth/token", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `grant_type=a&grant_type=b&client_id=${clientId}`,
    });
    assert.equal((await twice.json()).error, "invalid_request");
    const json = await server.request("/oauth/token", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.equal((await json.json()).error, "invalid_request");
    const huge = await server.request("/oauth/token", {
      method: "POST",
      body: new URLSearchParams({ device_code: "x".repeat(20_000) }),
    });
    assert.equal((await huge.json()).error, "invalid_request");
    const get = await server.request("/oauth/token");
    assert.equal(get.status, 405);
  },
);

testOnEachDatabase("rejects logins while the device flow is disabled", async (location) => {
  await using server = await testServer(location, (config) => {
    config.deviceFlow.enabled = false;
  });
  const answer = await server.post("/oauth/device/authorize", { client_id: brand.cliClientId });
  assert.equal(answer.body.error, "unauthorized_client");
  const metadata = await (await server.request("/.well-known/openid-configuration")).json();
  assert.ok(!("device_authorization_endpoint" in metadata));
});

testOnEachDatabase("counts requests by subscriber, an IPv6 /56", async (location) => {
  await using server = await testServer(location);
  const network = async (peer: string) => {
    const response = await server.request("/oauth/device/authorize", {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId }),
    }, peer);
    await response.body?.cancel();
    const [row] = await server.parts.sql`
      delete from device_authorizations returning requester_network, requester_address`;
    assert.equal(row.requester_address, peer);
    return row.requester_network;
  };
  assert.equal(await network("2001:db8:0:12::1"), await network("2001:db8:0:34::1"));
  assert.notEqual(await network("2001:db8:0:12::1"), await network("2001:db8:0:112::1"));
});

testOnEachDatabase("limits pending requests of one network", async (location) => {
  await using server = await testServer(location);
  const form = { client_id: brand.cliClientId };
  const ask = () => server.post("/oauth/device/authorize", form);
  const answers = await Promise.all(Array.from({ length: 500 }, ask));
  assert.ok(answers.every(({ status }) => status === 200));
  const refused = await ask();
  assert.equal(refused.status, 429);
  assert.equal(refused.body.error, "temporarily_unavailable");
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  const elsewhere = await server.request("/oauth/device/authorize", {
    method: "POST",
    body: new URLSearchParams(form),
  }, "198.51.100.7");
  assert.equal(elsewhere.status, 200);
  server.clock.advance({ minutes: 15 });
  assert.equal((await ask()).status, 200);
  server.clock.advance({ days: 2 });
  await cleanUp(server.parts);
  const [{ count }] = await server.parts.sql`
    select count(*)::int as count from device_authorizations`;
  assert.equal(count, 0);
});

testOnEachDatabase(
  "a token never has a scope that its approver does not have",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.scopes.push({ name: "operate", description: "Operate", roles: ["admin"] });
    });
    const { id } = await server.addUser();
    for (const [isAdmin, scope] of [[false, "openid"], [true, "openid operate"]] as const) {
      await server.parts.sql`update users set is_admin = ${isAdmin} where id = ${id}`;
      const tokens = await server.login(id, "openid operate");
      assert.equal(tokens.scope, scope);
      // An API that verifies the token itself sees nothing but its claims.
      assert.equal(decodeJwt(tokens.access_token).scope, scope);
    }
    // Nor one that they have lost since they approved it.
    const started = await server.startLogin("openid operate");
    await server.decide(started.user_code, id);
    await server.parts.sql`update users set is_admin = false where id = ${id}`;
    const { body } = await server.poll(started.device_code);
    assert.deepEqual([body.scope, decodeJwt(body.access_token).scope], ["openid", "openid"]);
  },
);

testOnEachDatabase(
  "the idle expiration of a new login is never after its absolute one",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.refreshTokenIdleLifetime = 30 * 86_400;
      config.refreshTokenAbsoluteLifetime = 86_400;
    });
    const { id } = await server.addUser();
    assert.equal((await server.login(id)).refresh_token_expires_in, 86_400);
  },
);
