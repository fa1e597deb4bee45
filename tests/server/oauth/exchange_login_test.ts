/**
 * Narrow tokens (RFC 8693): what a login is exchanged for has never more than the login, nor longer,
 * and is revoked with it or without it.
 */
import assert from "node:assert/strict";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { MAX_ACTIVE, MAX_ANCESTORS } from "../../../server/oauth/grants/delegate.ts";
import { insertClient, updateClientPolicy } from "../../../server/store/clients.ts";
import { brand } from "../../../shared/brand.ts";
import { managementResource } from "../../../shared/management.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import {
  ACCESS_TOKEN_TYPE,
  JWT_TYPE,
  REFRESH_TOKEN_TYPE,
} from "../../../shared/oauth/token_types.ts";
import { unverifiedClaims } from "../../../client/oauth/unverified_jwt.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import {
  type Answer,
  FULL_SCOPE,
  ISSUER,
  type TestServer,
  testServer,
} from "../../support/test_server.ts";

const SCOPE = `${FULL_SCOPE} deploy read`;

type Form = Record<string, string>;

function scopes(config: TestServer["parts"]["config"]): void {
  describeScopes(config);
  if (!config.scopes.some(({ name }) => name === "read")) {
    config.scopes.push({ name: "read", description: "Read" });
  }
}

function exchange(server: TestServer, form: Form, headers?: HeadersInit): Promise<Answer> {
  return server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    client_id: brand.cliClientId,
    subject_token_type: REFRESH_TOKEN_TYPE,
    ...form,
  }, headers);
}

async function loggedIn(server: TestServer, scope = SCOPE, more: Form = {}) {
  const user = await server.addUser();
  const tokens = await server.login(user.id, scope, more);
  return { user, login: tokens.refresh_token!, accessToken: tokens.access_token };
}

const claimsOf = (token: string) => unverifiedClaims(token) as Record<string, unknown>;
const revoke = (server: TestServer, token: string) =>
  server.post("/oauth/revoke", { client_id: brand.cliClientId, token });

async function assertAccepted(server: TestServer, token: string, accepted: boolean, why = "") {
  const { status } = await verify(server, token);
  assert.equal(status, accepted ? 200 : 401, why);
}

testOnEachDatabase(
  "exchanges a login for a narrow token, without renewing it",
  async (location) => {
    await using server = await testServer(location, scopes);
    const { user, login } = await loggedIn(server);
    const answer = await exchange(server, {
      subject_token: login,
      scope: "read",
      requested_lifetime: "3600",
      actor_name: "Claude Code",
      requested_token_type: JWT_TYPE,
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const { access_token: token, ...rest } = answer.body;
    assert.deepEqual(rest, {
      token_type: "Bearer",
      expires_in: 3600,
      scope: "read",
      issued_token_type: ACCESS_TOKEN_TYPE,
    });
    const claims = claimsOf(token);
    const { sid, iat, exp, jti } = claims as { sid: string; iat: number; exp: number; jti: string };
    assert.equal(exp - iat, 3600);
    assert.deepEqual(
      [claims.sub, claims.aud, claims.client_id, claims.scope, claims.act],
      [user.id, ISSUER, brand.cliClientId, "read", { sub: "Claude Code" }],
    );
    const [row] = await server.parts.sql`select * from delegated_tokens`;
    assert.deepEqual(
      [row.id, row.login_id, row.actor_name, row.scope, row.resource, row.user_agent],
      [jti, sid, "Claude Code", "read", ISSUER, "test/1"],
    );
    assert.equal(row.expires_at.getTime(), exp * 1000);
    const response = await verify(server, token, "?scope=read");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("x-auth-actor"), "Claude Code");
    assert.equal((await verify(server, token, "?scope=deploy")).status, 403);
    const { authorization } = await server.addClient();
    const introspected = await server.post("/oauth/introspect", { token }, { authorization });
    assert.deepEqual(
      [introspected.body.active, introspected.body.scope, introspected.body.act],
      [true, "read", { sub: "Claude Code" }],
    );
    // The login was used, and not rotated: its refresh token is the current one still.
    const refreshed = await server.refresh(login);
    assert.equal(refreshed.status, 200);
    assert.deepEqual(claimsOf(refreshed.body.access_token).sid, sid);
    const [event] = await server.parts.sql`
    select * from audit_log where event = 'token.delegated'`;
    assert.deepEqual([event.actor, event.subject], [user.id, sid]);
    assert.equal(event.details.actor_name, "Claude Code");
  },
);

testOnEachDatabase(
  "narrow tokens have what the login has for APIs by default",
  async (location) => {
    await using server = await testServer(location, scopes);
    const { login } = await loggedIn(server, `${SCOPE} manage:tokens`);
    const answer = await exchange(server, { subject_token: login });
    assert.equal(answer.body.scope, "openid profile email deploy read");
    assert.equal(answer.body.expires_in, server.parts.config.accessTokenLifetime);
    assert.equal(answer.body.refresh_token, undefined);
    assert.equal(answer.body.id_token, undefined);
    assert.equal(claimsOf(answer.body.access_token).act, undefined);
    assert.equal(
      (await verify(server, answer.body.access_token)).headers.get("x-auth-actor"),
      null,
    );
  },
);

testOnEachDatabase("rejects what the login cannot be exchanged for", async (location) => {
  await using server = await testServer(location, scopes);
  const { user, login, accessToken } = await loggedIn(
    server,
    "openid offline_access read manage:tokens",
  );
  const token = await narrowToken(server, login, { scope: "read" });
  const spent = login;
  const other = await loggedIn(server);
  const first = await server.refresh(other.login);
  await server.refresh(first.body.refresh_token);
  await insertClient(server.parts.sql, {
    id: "acme",
    name: "Acme",
    grants: ["device", "exchange"],
    now: new Date(server.clock.now()),
  });
  const { authorization } = await server.addClient();
  const pat = await createPat(server, await addPerson(server), { scopes: ["deploy"] });
  const derived = await exchange(server, {
    subject_token: pat.token,
    subject_token_type: ACCESS_TOKEN_TYPE,
  });
  const management = await server.refresh(login, {
    resource: managementResource(ISSUER),
    scope: "manage:tokens",
  });
  const current = management.body.refresh_token;
  const ACCESS = { subject_token_type: ACCESS_TOKEN_TYPE };
  const cases: [string, Form, string, HeadersInit?][] = [
    ["a wider scope", { scope: "deploy" }, "invalid_scope"],
    ["an unknown scope", { scope: "fly" }, "invalid_scope"],
    ["a malformed scope", { scope: 're"ad' }, "invalid_scope"],
    ["a scope that renews", { scope: "offline_access" }, "invalid_scope"],
    ["a management scope", { scope: "manage:tokens" }, "invalid_scope"],
    ["an included management scope", { scope: "manage:tokens:read" }, "invalid_scope"],
    ["an unknown resource", { resource: "https://other.test" }, "invalid_target"],
    ["an unknown audience", { audience: "https://other.test" }, "invalid_target"],
    ["the management interface", { resource: managementResource(ISSUER) }, "invalid_target"],
    ["a lifetime with a unit", { requested_lifetime: "1h" }, "invalid_request"],
    ["no lifetime", { requested_lifetime: "0" }, "invalid_request"],
    ["a negative lifetime", { requested_lifetime: "-5" }, "invalid_request"],
    ["another type of token", { requested_token_type: REFRESH_TOKEN_TYPE }, "invalid_request"],
    ["an actor's token", { actor_token: token, actor_token_type: JWT_TYPE }, "invalid_request"],
    ["a personal access token as a login", { subject_token: pat.token }, "invalid_request"],
    ["an access token as a login", { subject_token: accessToken }, "invalid_request"],
    ["a login as an access token", { ...ACCESS }, "invalid_request"],
    ["a login of the built-in client, of another", { client_id: "acme" }, "invalid_request"],
    ["an unknown client", { client_id: "nobody" }, "invalid_client"],
    ["an access token of the built-in client, of another", {
      ...ACCESS,
      client_id: "acme",
      subject_token: accessToken,
    }, "invalid_request"],
    [
      "an access token, of an API that was sent it",
      {
        ...ACCESS,
        client_id: "",
        subject_token: accessToken,
      },
      "invalid_request",
      { authorization },
    ],
    ["a JWT of a personal access token", {
      ...ACCESS,
      subject_token: derived.body.access_token,
    }, "invalid_request"],
    ["a management token", {
      ...ACCESS,
      subject_token: management.body.access_token,
    }, "invalid_request"],
    ["a wider scope than a narrow token has", {
      ...ACCESS,
      subject_token: token,
      scope: "openid",
    }, "invalid_scope"],
    ["another resource than a narrow token has", {
      ...ACCESS,
      subject_token: token,
      resource: managementResource(ISSUER),
    }, "invalid_target"],
    ["garbage", { subject_token: "bst_x" }, "invalid_request"],
  ];
  for (const [name, form, error, headers] of cases) {
    const answer = await exchange(server, { subject_token: current, ...form }, headers);
    assert.ok(answer.status === 400 || answer.status === 401, `${name}: ${answer.status}`);
    assert.equal(answer.body.error, error, `${name}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.access_token, undefined, name);
  }
  const rows = await server.parts.sql`select id from delegated_tokens`;
  assert.deepEqual(rows.map(({ id }) => id), [claimsOf(token).jti]);
  // The same failure for a refresh token that was spent, and its login is revoked.
  await assertAccepted(server, token, true);
  await server.refresh(current);
  await server.refresh((await server.refresh(current)).body.refresh_token);
  const replayed = await exchange(server, { subject_token: spent });
  assert.equal(replayed.body.error, "invalid_request");
  await assertAccepted(server, token, false);
  const [family] = await server.parts.sql`
    select revoked_reason from refresh_token_families where user_id = ${user.id}`;
  assert.equal(family.revoked_reason, "replay");
});

testOnEachDatabase("narrow tokens cannot be renewed or manage tokens", async (location) => {
  await using server = await testServer(location, scopes);
  const { login } = await loggedIn(server, `${SCOPE} manage:tokens`);
  const token = await narrowToken(server, login, { scope: "openid read" });
  const refreshed = await server.refresh(token);
  assert.equal(refreshed.body.error, "invalid_grant");
  const managed = await call(server, token, "GET", "/api/v1/tokens");
  assert.equal(managed.status, 401);
  // `openid` lets it read who the user is; there is no ID token.
  assert.equal((await call(server, token, "GET", "/oauth/userinfo")).status, 200);
  // The `sid` of a token only names the login: its user decides.
  const started = await server.startLogin("deploy", { sid: String(claimsOf(token).sid) });
  assert.equal((await server.poll(started.device_code)).body.error, "authorization_pending");
  const stranger = await server.addUser();
  await server.decide(started.user_code, stranger.id);
  assert.equal((await server.poll(started.device_code)).body.error, "access_denied");
});

testOnEachDatabase("a narrow token is exchanged only for a narrower one", async (location) => {
  await using server = await testServer(location, scopes);
  const { login, accessToken } = await loggedIn(server);
  const agent = await narrowToken(server, login, {
    scope: "deploy read",
    actor_name: "Agent",
    requested_lifetime: "600",
  });
  server.clock.advance({ seconds: 60 });
  const answer = await exchange(server, {
    subject_token: agent,
    subject_token_type: ACCESS_TOKEN_TYPE,
    scope: "read",
    actor_name: "Tool",
    requested_lifetime: "3600",
  });
  assert.deepEqual([answer.body.scope, answer.body.expires_in], ["read", 540]);
  const claims = claimsOf(answer.body.access_token);
  assert.equal(claims.exp, claimsOf(agent).exp);
  assert.deepEqual(claims.act, { sub: "Tool", act: { sub: "Agent" } });
  assert.equal(claims.sid, claimsOf(agent).sid);
  const response = await verify(server, answer.body.access_token);
  assert.equal(response.headers.get("x-auth-actor"), "Tool");
  // A login's own access token is exchanged in the same way.
  const own = await narrowToken(server, accessToken, { scope: "read" });
  assert.equal(claimsOf(own).exp, claimsOf(accessToken).exp);
  // Not without an end.
  let latest = agent;
  for (let i = 0; i < MAX_ANCESTORS; i++) latest = await narrowToken(server, latest);
  const tooMany = await exchange(server, {
    subject_token: latest,
    subject_token_type: ACCESS_TOKEN_TYPE,
  });
  assert.equal(tooMany.body.error, "invalid_request");
  // It expires with the token that it came from.
  server.clock.advance({ seconds: 540 });
  for (const token of [agent, answer.body.access_token, latest]) {
    await assertAccepted(server, token, false);
  }
});

testOnEachDatabase("limits the lifetime by the setting and by the login", async (location) => {
  await using server = await testServer(location, (config) => {
    scopes(config);
    config.narrowTokenMaxLifetime = 7200;
    config.refreshTokenIdleLifetime = 86_400;
    config.refreshTokenAbsoluteLifetime = 86_400;
  });
  const { login } = await loggedIn(server);
  const lifetime = async (requested_lifetime: string) =>
    (await exchange(server, { subject_token: login, requested_lifetime })).body.expires_in;
  assert.equal(await lifetime("60"), 60);
  assert.equal(await lifetime("7201"), 7200);
  assert.equal(await lifetime("9999999999"), 7200);
  server.clock.advance({ seconds: 86_400 - 100 });
  assert.equal(await lifetime("3600"), 100);
  server.clock.advance({ seconds: 100 });
  assert.equal(await lifetime("60"), undefined);
});

testOnEachDatabase(
  "revoking the login or the account revokes its narrow tokens",
  async (location) => {
    await using server = await testServer(location, scopes);
    const ways: Record<string, (login: string, user: { email: string }) => Promise<unknown>> = {
      "logging out": (login) => revoke(server, login),
      "disabling the account": (_, { email }) =>
        setUserDisabled(server.parts, { email, disabled: true, force: true }),
    };
    for (const [name, end] of Object.entries(ways)) {
      const { user, login } = await loggedIn(server);
      const token = await narrowToken(server, login);
      const child = await narrowToken(server, token);
      for (const jwt of [token, child]) await assertAccepted(server, jwt, true, name);
      await end(login, user);
      server.parts.tokenValidator.invalidate(`principal:${user.id}`);
      for (const jwt of [token, child]) await assertAccepted(server, jwt, false, name);
      const again = await exchange(server, { subject_token: login });
      assert.equal(again.body.error, "invalid_request", name);
      const further = await exchange(server, {
        subject_token: token,
        subject_token_type: ACCESS_TOKEN_TYPE,
      });
      assert.equal(further.body.error, "invalid_request", name);
    }
  },
);

testOnEachDatabase(
  "revokes a narrow token and what it was exchanged for, without the login",
  async (location) => {
    await using server = await testServer(location, scopes);
    const { login, accessToken } = await loggedIn(server);
    const [agent, other] = [await narrowToken(server, login), await narrowToken(server, login)];
    const tool = await narrowToken(server, agent);
    const own = await narrowToken(server, accessToken);
    assert.equal((await revoke(server, agent)).status, 200);
    await assertAccepted(server, agent, false);
    await assertAccepted(server, tool, false);
    for (const jwt of [other, accessToken, own]) await assertAccepted(server, jwt, true);
    // Revoking it again is a success, and revokes nothing.
    assert.equal((await revoke(server, agent)).status, 200);
    // What an access token was exchanged for goes with it.
    assert.equal((await revoke(server, accessToken)).status, 200);
    await assertAccepted(server, own, false);
    await assertAccepted(server, other, true);
    for (const subject_token of [agent, accessToken]) {
      const answer = await exchange(server, {
        subject_token,
        subject_token_type: ACCESS_TOKEN_TYPE,
      });
      assert.equal(answer.body.error, "invalid_request");
    }
    assert.equal((await server.refresh(login)).status, 200);
    const events = await server.parts.sql`
    select details from audit_log where event = 'token.delegation_revoked'
    order by occurred_at, seq`;
    assert.deepEqual(events.map(({ details }) => details.tokens).sort(), [1, 2]);
  },
);

testOnEachDatabase(
  "narrow tokens lose what the user, the client or the catalog lose",
  async (location) => {
    await using server = await testServer(location, scopes);
    const alice = await addPerson(server, { admin: true });
    await addPerson(server, { admin: true });
    const { refresh_token: login } = await server.login(
      alice.id,
      "openid offline_access operate read",
    );
    const token = await narrowToken(server, login!, { scope: "operate read" });
    assert.equal((await verify(server, token, "?scope=operate")).status, 200);
    await server.parts.sql`update users set is_admin = false where id = ${alice.id}`;
    server.parts.tokenValidator.invalidate(`principal:${alice.id}`);
    assert.equal((await verify(server, token, "?scope=operate")).status, 403);
    assert.equal((await verify(server, token, "?scope=read")).status, 200);
    const lost = await exchange(server, { subject_token: login!, scope: "operate" });
    assert.equal(lost.body.error, "invalid_scope");
  },
);

testOnEachDatabase("a client needs the grants of exchanges and of logins", async (location) => {
  await using server = await testServer(location, scopes);
  const now = new Date(server.clock.now());
  const client = { id: "acme", name: "Acme", grants: ["device", "exchange"] as const };
  await insertClient(server.parts.sql, { ...client, now });
  const started = await server.post("/oauth/device/authorize", {
    client_id: "acme",
    scope: "openid offline_access read",
  });
  const user = await server.addUser();
  assert.ok(await server.decide(started.body.user_code, user.id));
  const tokens = await server.post("/oauth/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: "acme",
    device_code: started.body.device_code,
  });
  const form = { client_id: "acme", subject_token: tokens.body.refresh_token };
  assert.equal((await exchange(server, form)).status, 200);
  for (const grants of [["device"], ["exchange"]] as const) {
    await updateClientPolicy(server.parts.sql, "acme", { ...client, grants });
    server.parts.tokenValidator.invalidate("client:acme");
    assert.equal((await exchange(server, form)).body.error, "unauthorized_client", grants[0]);
  }
});

testOnEachDatabase("a login has a limited number of active narrow tokens", async (location) => {
  await using server = await testServer(location, scopes);
  const { login } = await loggedIn(server);
  const first = await narrowToken(server, login, { requested_lifetime: "60" });
  const { sid, exp } = claimsOf(first) as { sid: string; exp: number };
  await server.parts.sql`
    insert into delegated_tokens (id, login_id, scope, resource, address, user_agent, created_at, expires_at)
    select gen_random_uuid(), ${sid}, 'read', ${ISSUER}, '', '', ${new Date(server.clock.now())},
      ${new Date(exp * 1000)}
    from generate_series(3, ${MAX_ACTIVE})`;
  // Of many at the same time, one is the last.
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => exchange(server, { subject_token: login })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400, 400, 400]);
  const full = answers.find(({ status }) => status === 400)!;
  assert.equal(full.body.error, "invalid_request");
  assert.equal((await revoke(server, first)).status, 200);
  assert.equal((await exchange(server, { subject_token: login })).status, 200);
  assert.equal((await exchange(server, { subject_token: login })).status, 400);
  // Those that expired do not count.
  server.clock.advance({ seconds: 60 });
  assert.equal((await exchange(server, { subject_token: login })).status, 200);
});

testOnEachDatabase("an API cannot use up the narrow tokens of a login", async (location) => {
  await using server = await testServer(location, scopes);
  const { login, accessToken } = await loggedIn(server);
  const subject = { subject_token: accessToken, subject_token_type: ACCESS_TOKEN_TYPE };
  // Nor by the exchanged tokens.
  const child = await exchange(server, subject);
  assert.equal(child.status, 200);
  const answers: Answer[] = [];
  for (let index = 0; index < 110; index++) {
    const token = index % 2 === 0 ? accessToken : child.body.access_token;
    answers.push(await exchange(server, { ...subject, subject_token: token }));
  }
  assert.equal(answers.at(-1)!.status, 429);
  assert.equal((await exchange(server, { subject_token: login })).status, 200);
  server.clock.advance({ seconds: 10 });
  const full = await exchange(server, subject);
  assert.deepEqual([full.status, full.body.error], [400, "invalid_request"]);
  assert.equal((await exchange(server, { subject_token: login })).status, 200);
});

testOnEachDatabase(
  "an exchange that races with a revocation leaves no active token",
  async (location) => {
    await using server = await testServer(location, scopes);
    for (let round = 0; round < 8; round++) {
      const { login, accessToken } = await loggedIn(server);
      const agent = await narrowToken(server, login);
      const isLogin = round % 2 === 0;
      const [subject_token, subject_token_type] = isLogin
        ? [login, REFRESH_TOKEN_TYPE]
        : [agent, ACCESS_TOKEN_TYPE];
      const exchanges = Array.from(
        { length: 6 },
        () => exchange(server, { subject_token, subject_token_type }),
      );
      const [, ...answers] = await Promise.all([revoke(server, subject_token), ...exchanges]);
      for (const { status, body } of answers) {
        if (status === 200) await assertAccepted(server, body.access_token, false, `${round}`);
        else assert.equal(body.error, "invalid_request");
      }
      const active = await server.parts.sql`
      select 1 from delegated_tokens t join refresh_token_families f on f.id = t.login_id
      where t.login_id = ${String(claimsOf(accessToken).sid)} and t.revoked_at is null
        and f.revoked_at is null`;
      assert.equal(active.length, 0);
    }
  },
);

testOnEachDatabase("a narrow token is for one of the login's resources", async (location) => {
  await using server = await testServer(location, (config) => {
    scopes(config);
    for (const name of ["billing", "payroll"]) {
      config.resources.push({
        name,
        identifier: `https://${name}.example.test`,
        scopes: [{ name: `${name}:read`, description: "Read" }],
        claims: [],
      });
    }
  });
  const user = await server.addUser();
  const resource = "https://billing.example.test";
  const { refresh_token: login } = await server.login(
    user.id,
    "openid offline_access billing:read",
    { resource },
  );
  const answer = await exchange(server, {
    subject_token: login!,
    resource,
    scope: "billing:read",
    actor_name: "agent",
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const token = answer.body.access_token;
  assert.equal(claimsOf(token).aud, resource);
  assert.equal((await verify(server, token, "?resource=billing")).status, 200);
  assert.equal((await verify(server, token)).status, 401);
  const narrower = await narrowToken(server, token, { scope: "billing:read" });
  assert.equal(claimsOf(narrower).aud, resource);
  const cases: [Form, string][] = [
    [{ subject_token: login!, resource: "https://payroll.example.test" }, "invalid_target"],
    [{ subject_token: login!, resource, scope: "payroll:read" }, "invalid_scope"],
    [{ subject_token: login!, resource, scope: "read" }, "invalid_scope"],
  ];
  for (const [form, error] of cases) {
    assert.equal((await exchange(server, form)).body.error, error, JSON.stringify(form));
  }
  const other = await exchange(server, {
    subject_token: token,
    subject_token_type: ACCESS_TOKEN_TYPE,
    resource: ISSUER,
  });
  assert.equal(other.status, 400);
});
