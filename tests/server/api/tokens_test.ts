/** Personal access tokens over the REST API: which users can create, see and revoke which. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { brand } from "../../../shared/brand.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, managementToken } from "../../support/person.ts";
import { ISSUER, testServer } from "../../support/test_server.ts";

const PREFIX = brand.tokenPrefixes.personalAccessToken;

testOnEachDatabase(
  "returns the secret once, stores a hash, and accepts the token",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const created = await createPat(server, alice, { name: "  Deploys  " });
    assert.match(created.token, new RegExp(`^${PREFIX}[0-9A-Za-z]{49}$`));
    assert.equal(created.name, "Deploys");
    assert.equal(created.prefix, created.token.slice(0, 12));
    assert.deepEqual(created.scopes, ["deploy"]);
    const lifetime = Date.parse(created.expires_at) - server.clock.now();
    assert.equal(lifetime, 90 * 86_400_000);

    const [row] = await server.parts.sql`select * from personal_access_tokens`;
    assert.ok(!JSON.stringify(row).includes(created.token));
    assert.ok(
      !JSON.stringify(await server.parts.sql`select * from audit_log`).includes(created.token),
    );
    const read = await call(server, alice.management, "GET", `/api/v1/tokens/${created.id}`);
    assert.equal(read.body.token, undefined);
    assert.equal(read.body.last_used_at, null);

    const answer = await verify(server, created.token, "?scope=deploy", {
      "user-agent": "curl/8.1",
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-auth-user"), alice.id);
    assert.equal(answer.headers.get("x-auth-username"), alice.email);
    assert.equal(answer.headers.get("x-auth-scope"), "deploy");
    assert.equal(answer.headers.get("x-auth-client"), `pat-${created.id}`);
    await server.parts.tokenValidator.lastUsed.flush();
    const used = await call(server, created.token, "GET", "/api/v1/token");
    assert.equal(used.body.last_used_at, new Date(server.clock.now()).toISOString());
    assert.equal(used.body.last_used_address, "192.0.2.1");
    assert.equal(used.body.last_used_agent, "curl");
  },
);

testOnEachDatabase("saves last uses when the server stops", async (location) => {
  let id: string;
  let usedAt: number;
  {
    await using server = await testServer(location, describeScopes);
    const created = await createPat(server, await addPerson(server));
    id = created.id;
    server.clock.advance({ minutes: 5 });
    usedAt = server.clock.now();
    assert.equal((await verify(server, created.token)).status, 200);
    const [row] = await server.parts.sql`select last_used_at from personal_access_tokens`;
    assert.equal(row.last_used_at, null);
  }
  await using server = await testServer(location, describeScopes);
  const [row] = await server.parts.sql`
    select last_used_at from personal_access_tokens where id = ${id}`;
  assert.equal(row.last_used_at.getTime(), usedAt);
});

testOnEachDatabase("rejects requests outside of the policy", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.personalAccessTokens.maxLifetime = 30 * 86_400;
    config.personalAccessTokens.defaultLifetime = 7 * 86_400;
  });
  const alice = await addPerson(server);
  const refused = async (
    request: Record<string, unknown>,
    type: string,
    detail = /./,
  ) => {
    const body = { name: "CI", scopes: ["deploy"], ...request };
    const answer = await call(server, alice.management, "POST", "/api/v1/tokens", body);
    assert.equal(answer.body.type, `${ISSUER}/api/docs#${type}`, JSON.stringify(answer.body));
    assert.match(answer.headers.get("content-type")!, /^application\/problem\+json/);
    assert.match(answer.body.detail, detail);
  };
  await refused({ expires_in: null }, "forbidden", /30 days/);
  await refused({ expires_in: 31 * 86_400 }, "forbidden", /30 days/);
  const tooLong = { name: "CI", scopes: [], expires_in: 31 * 86_400 };
  const { body } = await call(server, alice.management, "POST", "/api/v1/tokens", tooLong);
  assert.equal(body.max_expires_in, 30 * 86_400);
  await refused({ expires_in: 0 }, "malformed", /expires_in/);
  await refused({ scopes: ["operate"] }, "forbidden", /operate/);
  await refused({ scopes: ["nonsense"] }, "invalid", /nonsense/);
  await refused({ scopes: ["offline_access"] }, "forbidden", /offline_access/);
  await refused({ allowed_addresses: ["10.0.0.0/99"] }, "invalid", /10\.0\.0\.0\/99/);
  await refused({ name: "   " }, "invalid");
  await refused({ name: "a\u202eb" }, "invalid");
  await refused({ name: "x".repeat(10_000) }, "malformed", /name/);
  await refused({ color: "red" }, "malformed", /color/);
  await refused({ owner: "somebody" }, "forbidden");
  const hostile = await createPat(server, alice, { name: "<script>alert(1)</script>" });
  assert.equal(hostile.name, "<script>alert(1)</script>");
  assert.equal(Date.parse(hostile.expires_at) - server.clock.now(), 7 * 86_400_000);
});

testOnEachDatabase("expires a token to the second, and says when", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { token } = await createPat(server, alice, { expires_in: 60 });
  const end = new Date(server.clock.now() + 60_000).toISOString().replace(".000Z", "Z");
  server.clock.set(Date.parse(end) - 1);
  assert.equal((await verify(server, token)).status, 200);
  server.clock.set(Date.parse(end));
  const over = await verify(server, token);
  assert.equal(over.status, 401);
  assert.equal(
    over.challenge,
    `Bearer error="invalid_token", error_description="The token expired at ${end}. Get a new one."`,
  );
});

testOnEachDatabase(
  "returns 404 for other users' tokens, and all of them to administrators",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const [alice, bob, admin] = [
      await addPerson(server),
      await addPerson(server),
      await addPerson(server, { admin: true }),
    ];
    const created = await createPat(server, alice);
    for (
      const [method, path, body] of [
        ["GET", `/api/v1/tokens/${created.id}`],
        ["DELETE", `/api/v1/tokens/${created.id}`],
        ["POST", `/api/v1/tokens/${created.id}/rotate`, { overlap: 0 }],
        ["GET", "/api/v1/tokens/nonsense"],
      ] as const
    ) {
      assert.equal((await call(server, bob.management, method, path, body)).status, 404);
    }
    assert.equal(
      (await call(server, bob.management, "GET", "/api/v1/tokens?all=true")).status,
      403,
    );
    assert.deepEqual((await call(server, bob.management, "GET", "/api/v1/tokens")).body.tokens, []);
    // An administrator can revoke it, but gets no secret that acts as another user.
    const rotated = await call(
      server,
      admin.management,
      "POST",
      `/api/v1/tokens/${created.id}/rotate`,
      {
        overlap: 0,
      },
    );
    assert.equal(rotated.status, 403);
    assert.equal(rotated.body.token, undefined);
    const all = await call(server, admin.management, "GET", "/api/v1/tokens?all=true");
    assert.deepEqual(all.body.tokens.map(({ id }: { id: string }) => id), [created.id]);
    assert.equal(all.body.tokens[0].owner.username, alice.email);
    assert.equal(
      (await call(server, admin.management, "DELETE", `/api/v1/tokens/${created.id}`)).status,
      204,
    );
    const revoked = await verify(server, created.token);
    assert.equal(revoked.status, 401);
    assert.match(revoked.challenge!, /The token was revoked at 2026-11-24T10:00:00Z\./);
    const read = await call(server, alice.management, "GET", `/api/v1/tokens/${created.id}`);
    assert.equal(read.body.revoked_reason, "administrator");
  },
);

testOnEachDatabase("rejects tokens for APIs", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { token } = await createPat(server, alice);
  const byPat = await call(server, token, "GET", "/api/v1/tokens");
  assert.equal(byPat.status, 401);
  assert.match(byPat.headers.get("www-authenticate")!, /^Bearer error="invalid_token"/);
  const exchanged = await server.post("/oauth/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: token,
  });
  assert.equal(exchanged.status, 200, JSON.stringify(exchanged.body));
  assert.equal(
    (await call(server, exchanged.body.access_token, "GET", "/api/v1/tokens")).status,
    401,
  );
  const nobody = await call(server, undefined, "GET", "/api/v1/tokens");
  assert.equal(nobody.status, 401);
  assert.equal(nobody.headers.get("www-authenticate"), "Bearer");
  assert.equal((await call(server, "nonsense", "GET", "/api/v1/tokens")).status, 401);
});

testOnEachDatabase("rotates a token once, with an overlap", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const old = await createPat(server, alice, {
    expires_in: 86_400,
    allowed_addresses: ["192.0.2.0/24"],
  });
  const path = `/api/v1/tokens/${old.id}/rotate`;
  const both = await Promise.all(
    [1, 2].map(() => call(server, alice.management, "POST", path, { overlap: 60 })),
  );
  assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
  const { body: fresh } = both.find(({ status }) => status === 201)!;
  assert.equal(fresh.rotated_from, old.id);
  assert.equal(Date.parse(fresh.expires_at) - server.clock.now(), 86_400_000);
  assert.deepEqual(fresh.allowed_addresses, ["192.0.2.0/24"]);
  server.clock.advance({ seconds: 59 });
  for (const { token } of [old, fresh]) assert.equal((await verify(server, token)).status, 200);
  server.clock.advance({ seconds: 1 });
  assert.match((await verify(server, old.token)).challenge!, /expired/);
  assert.equal((await verify(server, fresh.token)).status, 200);
  const late = await call(server, alice.management, "POST", path, { overlap: 0 });
  assert.equal(late.status, 409);
});

testOnEachDatabase("limits a token to the scopes that its owner has now", async (location) => {
  await using server = await testServer(location, describeScopes);
  const admin = await addPerson(server, { admin: true });
  const { sql, tokenValidator } = server.parts;
  const { token } = await createPat(server, admin, { scopes: ["deploy", "operate"] });
  const scope = async () => (await verify(server, token)).headers.get("x-auth-scope");
  assert.equal(await scope(), "deploy operate");
  await sql`update users set is_admin = false where id = ${admin.id}`;
  tokenValidator.invalidate(`principal:${admin.id}`);
  assert.equal(await scope(), "deploy");
  const lacking = await verify(server, token, "?scope=operate");
  assert.equal(lacking.status, 403);
  assert.match(lacking.challenge!, /error="insufficient_scope".*scope="operate"/);
  await sql`update users set disabled_at = created_at where id = ${admin.id}`;
  tokenValidator.invalidate(`principal:${admin.id}`);
  assert.match((await verify(server, token)).challenge!, /invalid_token.*disabled/);
});

testOnEachDatabase("limits a login to the scopes of its user and client", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.scopes.push({ name: "console", description: "Use the console", clients: ["console"] });
  });
  const admin = await addPerson(server, { admin: true });
  const user = await addPerson(server);
  const scope = "openid offline_access deploy operate";
  assert.equal((await server.login(user.id, scope)).scope, "openid offline_access deploy");
  const login = await server.login(admin.id, scope);
  assert.equal(login.scope, scope);
  await server.parts.sql`update users set is_admin = false where id = ${admin.id}`;
  const refreshed = await server.refresh(login.refresh_token!);
  assert.equal(refreshed.body.scope, "openid offline_access deploy");
  const form = { client_id: brand.cliClientId, scope: "console" };
  const refused = await server.post("/oauth/device/authorize", form);
  assert.equal(refused.body.error, "invalid_scope");
});

testOnEachDatabase("accepts a token with allowed addresses only from there", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.trustedProxies = ["192.0.2.1"];
  });
  const alice = await addPerson(server);
  const client = await server.addClient();
  const { token } = await createPat(server, alice, {
    allowed_addresses: ["203.0.113.0/24", "2001:db8::/32"],
  });
  const from = async (address: string) =>
    (await verify(server, token, "", { "x-forwarded-for": address })).status;
  assert.equal(await from("203.0.113.9"), 200);
  assert.equal(await from("2001:db8::5"), 200);
  assert.equal(await from("198.51.100.1"), 401);
  assert.equal((await verify(server, token)).status, 401);
  const introspect = async (form: Record<string, string>) => {
    const headers = { authorization: client.authorization };
    return (await server.post("/oauth/introspect", { token, ...form }, headers)).body.active;
  };
  assert.equal(await introspect({}), false);
  assert.equal(await introspect({ client_address: "203.0.113.9" }), true);
  assert.equal(await introspect({ client_address: "198.51.100.1" }), false);
});

testOnEachDatabase("introspects and exchanges personal access tokens", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const client = await server.addClient();
  const created = await createPat(server, alice, { scopes: ["deploy", "read"], expires_in: 300 });
  const introspect = async (token: string) =>
    (await server.post("/oauth/introspect", { token }, { authorization: client.authorization }))
      .body;
  const introspected = await introspect(created.token);
  assert.equal(introspected.active, true);
  assert.equal(introspected.sub, alice.id);
  assert.equal(introspected.username, alice.email);
  assert.equal(introspected.scope, "deploy read");
  assert.equal(introspected.exp, Date.parse(created.expires_at) / 1000);
  assert.equal(introspected.client_id, `pat-${created.id}`);

  const exchange = (more: Record<string, string> = {}) =>
    server.post("/oauth/token", {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token: created.token,
      ...more,
    });
  const { body: jwt } = await exchange({ scope: "read" });
  assert.equal(jwt.scope, "read");
  // No longer than the token itself.
  assert.equal(jwt.expires_in, 300);
  assert.equal((await introspect(jwt.access_token)).active, true);
  assert.equal((await verify(server, jwt.access_token, "?scope=read")).status, 200);
  assert.equal((await exchange({ scope: "operate" })).body.error, "invalid_scope");

  const upstream = await verify(server, created.token, "?jwt=1");
  const passed = upstream.headers.get("x-auth-jwt")!;
  assert.equal((await introspect(passed)).sub, alice.id);
  // Once the server trusts its memory, one signature serves many requests.
  const deadline = performance.now() + 60_000;
  let [last, next] = ["", passed];
  while (last !== next) {
    assert.ok(performance.now() < deadline);
    last = next;
    next = (await verify(server, created.token, "?jwt=1")).headers.get("x-auth-jwt")!;
  }
  assert.equal((await verify(server, created.token)).headers.get("x-auth-jwt"), null);

  // A JWT that was exchanged for a token is rejected with it.
  await call(server, alice.management, "DELETE", `/api/v1/tokens/${created.id}`);
  for (const token of [created.token, jwt.access_token, passed]) {
    assert.deepEqual(await introspect(token), { active: false });
  }
  const late = await exchange();
  assert.equal(late.status, 400);
  assert.match(late.body.error_description, /revoked/);
});

testOnEachDatabase("imports tokens of earlier deployments by their hashes", async (location) => {
  await using server = await testServer(location, describeScopes);
  const [alice, admin] = [await addPerson(server), await addPerson(server, { admin: true })];
  const older = PREFIX + "Ab-_".repeat(10) + "xyz";
  const body = {
    token_hash: createHash("sha256").update(older).digest("hex"),
    name: "from before",
    scopes: ["read"],
    owner: alice.email,
    expires_at: "2027-01-01T00:00:00Z",
  };
  assert.match((await verify(server, older)).challenge!, /unknown/);
  assert.equal(
    (await call(server, alice.management, "POST", "/api/v1/tokens/import", body)).status,
    403,
  );
  for (const expires_at of ["+100000-01-01T00:00:00Z", "+275760-09-13T00:00:00Z", "soon"]) {
    const far = { ...body, expires_at };
    const refused = await call(server, admin.management, "POST", "/api/v1/tokens/import", far);
    assert.equal(refused.status, 422, expires_at);
  }
  const imported = await call(server, admin.management, "POST", "/api/v1/tokens/import", body);
  assert.equal(imported.status, 201, JSON.stringify(imported.body));
  assert.equal(imported.body.token, undefined);
  const answer = await verify(server, older, "?scope=read");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-auth-user"), alice.id);
  const twice = await call(server, admin.management, "POST", "/api/v1/tokens/import", body);
  assert.equal(twice.status, 409);
});

testOnEachDatabase("creates tokens for service accounts, within their scopes", async (location) => {
  await using server = await testServer(location, describeScopes);
  const [alice, admin] = [await addPerson(server), await addPerson(server, { admin: true })];
  const { sql, clock, tokenValidator } = server.parts;
  const id = crypto.randomUUID();
  await sql`
    insert into service_accounts (id, name, scope, created_at)
    values (${id}, 'deployer', 'deploy read', ${new Date(clock.now())})`;
  const created = await createPat(server, admin, { owner: "deployer", scopes: ["deploy", "read"] });
  assert.deepEqual(created.owner, { kind: "service_account", id, username: "deployer" });
  const other = { name: "CI", scopes: ["operate"], owner: "deployer" };
  assert.equal((await call(server, admin.management, "POST", "/api/v1/tokens", other)).status, 403);
  const person = { name: "CI", scopes: [], owner: alice.email };
  assert.equal(
    (await call(server, admin.management, "POST", "/api/v1/tokens", person)).status,
    422,
  );
  await sql`update service_accounts set scope = 'read' where id = ${id}`;
  tokenValidator.invalidate(`principal:${id}`);
  const answer = await verify(server, created.token);
  assert.equal(answer.headers.get("x-auth-scope"), "read");
  assert.equal(answer.headers.get("x-auth-username"), "deployer");
});

testOnEachDatabase("pages through thousands of tokens, and searches them", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { sql, clock } = server.parts;
  await sql`
    insert into personal_access_tokens
      (id, user_id, name, token_hash, token_prefix, scope, audience, created_at)
    select gen_random_uuid(), ${alice.id}::uuid, 'job 100% ' || n, sha256(n::text::bytea),
      ${PREFIX} || lpad(n::text, 8, '0'), 'deploy', '', ${new Date(clock.now())}::timestamptz
    from generate_series(1, 2500) n`;
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const { body } = await call(
      server,
      alice.management,
      "GET",
      `/api/v1/tokens?limit=100${query}`,
    );
    for (const { id } of body.tokens) seen.add(id);
    cursor = body.next_cursor;
  } while (cursor !== null);
  assert.equal(seen.size, 2500);
  const search = async (text: string) => {
    const path = `/api/v1/tokens?search=${encodeURIComponent(text)}`;
    return (await call(server, alice.management, "GET", path)).body.tokens.length;
  };
  assert.equal(await search("job 100% 1234"), 1);
  assert.equal(await search("JOB 100% 250"), 2);
  assert.equal(await search(`${PREFIX}00000042`), 1);
  assert.equal(await search("100_"), 0);
  const wrong = await call(server, alice.management, "GET", "/api/v1/tokens?cursor=nonsense");
  assert.equal(wrong.status, 422);
});

testOnEachDatabase("sends each expiry reminder once", async (location) => {
  const received: { type: string; data: { token: { name: string } } }[] = [];
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.webhook = { url: "https://hooks.example.test/", secret: "a secret" };
  });
  server.outgoing = (_url, init) => {
    received.push(JSON.parse(String(init!.body)));
    return Promise.resolve(new Response(null));
  };
  const { sendExpiryReminders } = await import("../../../server/pats/expiry_reminders.ts");
  const alice = await addPerson(server);
  await createPat(server, alice, { name: "month", expires_in: 30 * 86_400 });
  await createPat(server, alice, { name: "quarter" });
  server.clock.advance({ days: 22 });
  await sendExpiryReminders(server.parts);
  assert.equal(received.length, 0);
  server.clock.advance({ days: 1 });
  await sendExpiryReminders(server.parts);
  await sendExpiryReminders(server.parts);
  assert.deepEqual(received.map(({ type, data }) => [type, data.token.name]), [
    ["token.expiring", "month"],
  ]);
  server.clock.advance({ days: 6 });
  await sendExpiryReminders(server.parts);
  await sendExpiryReminders(server.parts);
  assert.equal(received.length, 2);
});

testOnEachDatabase(
  "/auth/verify rejects unknown parameters",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice, { scopes: ["read"] });
    assert.equal((await verify(server, token, "?scope=read")).status, 200);
    assert.equal((await verify(server, token, "/?scope=deploy")).status, 403);
    assert.equal((await verify(server, token, "/?scope=read")).status, 200);
    for (const query of ["?scopes=deploy", "?jwt=true", "?scope=read&Scope=deploy", "?basic"]) {
      const refused = await verify(server, token, query);
      assert.equal(refused.status, 400, query);
      assert.match(refused.challenge!, /error="invalid_request"/);
    }
    // Envoy appends the client's path and query, which may contain anything.
    for (const path of ["/?page=2&jwt=1&basic=1", "/x?scopes=deploy", "/verify?jwt=1"]) {
      const passed = await verify(server, token, path);
      assert.deepEqual([passed.status, passed.headers.get("x-auth-jwt")], [200, null], path);
    }
    const header = { "x-auth-required-scope": "read deploy" };
    assert.match(
      (await verify(server, token, "", header)).challenge!,
      /insufficient_scope.* deploy/,
    );
  },
);

testOnEachDatabase(
  "/auth/verify?max_age requires a recent sign-in (RFC 9470)",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const header = (value: string) => ({ "x-auth-required-max-age": value });
    assert.equal((await verify(server, alice.login, "?max_age=60")).status, 200);
    assert.equal((await verify(server, alice.login, "", header("60"))).status, 200);
    server.clock.advance({ seconds: 62 });
    const { access_token: later } = await server.login(alice.id);
    const asked: [query: string, headers?: Record<string, string>][] = [
      ["?max_age=60"],
      ["", header("60")],
      // The strictest of them counts, also where the query may be the client's.
      ["?max_age=900&max_age=60"],
      ["/?max_age=900", header("60")],
      ["/x?max_age=900", header("60")],
    ];
    for (const [query, headers] of asked) {
      const stale = await verify(server, alice.login, query, headers);
      assert.equal(stale.status, 401, query);
      assert.match(stale.challenge!, /error="insufficient_user_authentication".* max_age="60"$/);
      assert.equal((await verify(server, later, query, headers)).status, 200, query);
    }
    assert.equal((await verify(server, alice.login, "?max_age=90")).status, 200);
    // One approval has to meet both requirements.
    const both = await verify(server, alice.login, "?scope=deploy&max_age=60");
    assert.match(both.challenge!, /user_authentication".* scope="deploy", max_age="60"/);
    assert.match((await verify(server, later, "?scope=deploy&max_age=60")).challenge!, /_scope/);
    // No user signs in for a personal access token.
    const { token } = await createPat(server, alice, { scopes: ["read"] });
    assert.equal((await verify(server, token, "?max_age=9999999999")).status, 401);
    for (
      const malformed of ["?max_age=", "?max_age=-1", "?max_age=1e3", "?acr_values=phr", "?acr=1"]
    ) {
      assert.equal((await verify(server, later, malformed)).status, 400, malformed);
    }
    assert.equal((await verify(server, later, "", header("5, 6"))).status, 400);
  },
);

testOnEachDatabase(
  "/auth/verify?basic=1 accepts a token as the password of HTTP Basic",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { token } = await createPat(server, await addPerson(server));
    const ask = (query: string, credentials?: string) =>
      verify(server, undefined, query, {
        ...credentials !== undefined && { authorization: `Basic ${btoa(credentials)}` },
      });
    assert.equal((await ask("?basic=1", `x-access-token:${token}`)).status, 200);
    assert.equal((await ask("?basic=1&scope=operate", `anyone:${token}`)).status, 403);
    assert.equal((await ask("", `x-access-token:${token}`)).status, 401);
    for (const wrong of [undefined, "no colon", "someone:", `${token}:`, "someone:nonsense"]) {
      const refused = await ask("?basic=1", wrong);
      assert.equal(refused.status, 401, wrong);
      // Basic first: many clients, and nginx, know the first challenge only.
      assert.match(refused.challenge!, /^Basic realm="[^"]+", Bearer\b/);
    }
    assert.doesNotMatch((await ask("")).challenge!, /Basic/);
  },
);

testOnEachDatabase(
  "rejects malformed input with 400 or 422, never with 503",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const admin = await addPerson(server, { admin: true });
    const wish = { name: "CI", scopes: ["deploy"] };
    const cursor = btoa("999999999999999 0197a000-0000-7000-8000-000000000001");
    const asked: [string, string, unknown?][] = [
      ["GET", "/api/v1/tokens?search=a%00b"],
      ["GET", `/api/v1/tokens?cursor=${cursor}`],
      ["POST", "/api/v1/tokens", { ...wish, name: "x\ud800" }],
      ["POST", "/api/v1/tokens", { ...wish, owner: "a\0b" }],
      ["POST", "/api/v1/tokens/import", {
        ...wish,
        owner: "a\0b",
        token_hash: "0".repeat(64),
        expires_at: "2027-01-01T00:00:00Z",
      }],
    ];
    for (const [method, path, body] of asked) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await call(server, admin.management, method, path, text);
      assert.ok([400, 422].includes(answer.status), `${path}: ${JSON.stringify(answer)}`);
    }
    for (
      const [path, allow] of [["/api/v1/tokens", "POST, GET"], [
        "/api/v1/tokens/x",
        "GET, PATCH, DELETE",
      ]]
    ) {
      const answer = await call(server, admin.login, "PUT", path, {});
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allow]);
      assert.match(answer.headers.get("content-type")!, /problem\+json/);
    }
    const lost = await call(server, admin.login, "GET", "/api/v2");
    assert.equal(lost.status, 404);
    assert.match(lost.headers.get("content-type")!, /problem\+json/);
  },
);

testOnEachDatabase("rejects tokens beyond the quota of an owner", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.personalAccessTokens.maxPerOwner = 5;
  });
  const [alice, bob] = [await addPerson(server), await addPerson(server)];
  let count = 0;
  const create = ({ management }: typeof alice) =>
    call(server, management, "POST", "/api/v1/tokens", { name: `x ${count++}`, scopes: [] });
  const created = await Promise.all(Array.from({ length: 9 }, () => create(alice)));
  const statuses = created.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, 201, 201, 201, 201, 409, 409, 409, 409]);
  const refused = created.find(({ status }) => status === 409)!;
  assert.match(refused.body.type, /#conflict$/);
  assert.equal((await create(bob)).status, 201);
  // Making and revoking in turn fills the table as well.
  const active = created.filter(({ status }) => status === 201).map(({ body }) => body.id);
  for (const id of active.slice(0, 3)) {
    assert.equal(
      (await call(server, alice.management, "DELETE", `/api/v1/tokens/${id}`)).status,
      204,
    );
  }
  assert.equal((await create(alice)).status, 409);
  server.clock.advance({ days: 1 });
  alice.management = await managementToken(server, alice);
  assert.equal((await create(alice)).status, 201);
  // One that takes another's place is no more than there was.
  const rotate = () =>
    call(server, alice.management, "POST", `/api/v1/tokens/${active[4]}/rotate`, { overlap: 0 });
  assert.equal((await rotate()).status, 201);
});
