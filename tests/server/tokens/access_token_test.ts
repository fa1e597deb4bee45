/** RFC 9068 and OpenID Connect: the claims of our tokens, validated by an independent library. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { signJwt } from "../../../server/tokens/sign_jwt.ts";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import type { SigningAlgorithm } from "../../../server/config/server_config.ts";
import { updateUser } from "../../../server/admin/user_operations.ts";
import { isIdToken } from "../../../server/tokens/id_token.ts";
import { signAccessToken } from "../../../server/tokens/access_token.ts";
import { brand } from "../../../shared/brand.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

async function verifiable(server: TestServer, token: string, audience: string, typ: string) {
  const response = await server.request("/oauth/jwks");
  assert.match(response.headers.get("cache-control")!, /max-age=300/);
  const keySet = createLocalJWKSet(await response.json());
  const currentDate = new Date(server.clock.now());
  return await jwtVerify(token, keySet, { issuer: ISSUER, audience, typ, currentDate });
}

for (
  const algorithm of ["ES256", "EdDSA", "Ed25519", "RS256"] as const satisfies SigningAlgorithm[]
) {
  testOnEachDatabase(`${algorithm} tokens have the claims of RFC 9068`, async (location) => {
    await using server = await testServer(location, (config) => {
      config.signingAlgorithm = algorithm;
    });
    const user = await server.addUser();
    const tokens = await server.login(user.id);
    const { payload, protectedHeader } = await verifiable(
      server,
      tokens.access_token,
      ISSUER,
      "at+jwt",
    );
    assert.equal(protectedHeader.alg, algorithm);
    assert.ok(protectedHeader.kid);
    assert.equal(payload.sub, user.id);
    assert.equal(payload.client_id, brand.cliClientId);
    assert.equal(payload.scope, FULL_SCOPE);
    assert.equal(payload.iat, Math.floor(server.clock.now() / 1000));
    assert.equal(payload.exp! - payload.iat!, 900);
    assert.equal(payload.auth_time, payload.iat);
    assert.ok(payload.jti);
    assert.equal(payload.email, undefined);
    assert.ok(tokens.access_token.length <= 1024);

    const id = await verifiable(server, tokens.id_token!, brand.cliClientId, "JWT");
    assert.equal(id.payload.sub, user.id);
    assert.equal(id.payload.email, user.email);
    assert.equal(id.payload.name, "Alice Example");
  });

  testOnEachDatabase(
    `${algorithm} ID tokens have the hash of their access token`,
    async (location) => {
      await using server = await testServer(location, (config) => {
        config.signingAlgorithm = algorithm;
      });
      const user = await server.addUser();
      const login = await server.login(user.id);
      const refreshed = (await server.refresh(login.refresh_token!)).body;
      // OpenID Connect Core 1.0 section 3.1.3.6; Ed25519 hashes by SHA-512.
      const name = algorithm.startsWith("Ed") ? "SHA-512" : "SHA-256";
      for (const { id_token, access_token } of [login, refreshed]) {
        const { payload } = await verifiable(server, id_token, brand.cliClientId, "JWT");
        const digest = await crypto.subtle.digest(name, new TextEncoder().encode(access_token));
        const half = Buffer.from(digest.slice(0, digest.byteLength / 2)).toString("base64url");
        assert.equal(payload.at_hash, half);
      }
    },
  );
}

testOnEachDatabase(
  "discovery lists the algorithms of all published keys",
  async (location) => {
    {
      await using before = await testServer(location);
      await before.parts.keys.maintain();
    }
    await using server = await testServer(location, (config) => {
      config.signingAlgorithm = "EdDSA";
    });
    const { keys } = server.parts;
    const user = await server.addUser();
    const announced = async () => {
      const documents = [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
      ].map(async (path) => await (await server.request(path)).json());
      const [algorithms, openidAlgorithms] = (await Promise.all(documents))
        .map((document) => document.id_token_signing_alg_values_supported);
      assert.deepEqual(algorithms, openidAlgorithms);
      return algorithms;
    };
    const signedBy = async () => decodeProtectedHeader((await server.login(user.id)).id_token!).alg;

    await keys.maintain();
    assert.equal(await signedBy(), "ES256");
    assert.deepEqual(await announced(), ["ES256", "EdDSA"]);
    server.clock.advance({ minutes: 11 });
    await keys.maintain();
    assert.equal(await signedBy(), "EdDSA");
    assert.deepEqual(await announced(), ["EdDSA", "ES256"]);
    server.clock.advance({ minutes: 30 });
    await keys.maintain();
    assert.deepEqual(await announced(), ["EdDSA"]);
  },
);

testOnEachDatabase(
  "discovery names an authorization endpoint, which redirects to registered URIs only",
  async (location) => {
    await using server = await testServer(location);
    const read = async (path: string) => await (await server.request(path)).json();
    const { authorization_endpoint: endpoint, response_types_supported: types } = await read(
      "/.well-known/openid-configuration",
    );
    assert.deepEqual(types, ["code"]);
    assert.equal(endpoint, `${ISSUER}/oauth/authorize`);
    const query = new URLSearchParams({
      response_type: "code",
      client_id: brand.cliClientId,
      redirect_uri: "https://evil.example/",
    });
    const requests: [string, RequestInit][] = [
      [`/oauth/authorize?${query}`, {}],
      ["/oauth/authorize", {}],
    ];
    for (const [path, init] of requests) {
      const response = await server.request(path, { redirect: "manual", ...init });
      assert.equal(response.status, 400);
      assert.equal(response.headers.get("location"), null);
      await response.body?.cancel();
    }
    const posted = await server.request("/oauth/authorize", { method: "POST", body: query });
    assert.deepEqual(
      [posted.status, posted.headers.get("location")],
      [303, `/oauth/authorize?${query}`],
    );
  },
);

testOnEachDatabase(
  "email_verified is true once an operator has confirmed the address, and for users only",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const user = await server.addUser();
    const verified = async () => {
      const tokens = await server.login(user.id, "openid email");
      const id = await verifiable(server, tokens.id_token!, brand.cliClientId, "JWT");
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const userinfo = await (await server.request("/oauth/userinfo", { headers })).json();
      assert.equal(userinfo.email, user.email);
      assert.equal(id.payload.email_verified, userinfo.email_verified);
      return userinfo.email_verified;
    };
    const now = new Date(server.clock.now());
    assert.equal(await verified(), false);
    await updateUser(server.parts, { email: user.email, emailVerified: true });
    assert.equal(await verified(), true);
    await updateUser(server.parts, { email: user.email, name: "Alice B. Example" });
    assert.equal(await verified(), true);
    await updateUser(server.parts, { email: user.email, emailVerified: false });
    assert.equal(await verified(), false);

    const id = randomUUID();
    await sql`
      insert into service_accounts (id, name, scope, created_at)
      values (${id}, 'ci@example.com', 'openid email', ${now})`;
    const token = await signAccessToken({ ...server.parts, lifetime: 60 }, {
      subject: id,
      clientId: brand.cliClientId,
      scope: "openid email",
      audience: ISSUER,
    });
    const headers = { authorization: `Bearer ${token}` };
    const userinfo = await (await server.request("/oauth/userinfo", { headers })).json();
    assert.deepEqual(userinfo, { sub: id }, "the name of a service account is not an address");
  },
);

testOnEachDatabase(
  "rejects a token that our keys signed for another issuer",
  async (location) => {
    await using server = await testServer(location);
    const user = await server.addUser();
    const { authorization } = await server.addClient();
    const signed = (issuer: string) =>
      signAccessToken({ ...server.parts, issuer, lifetime: 60 }, {
        subject: user.id,
        clientId: brand.cliClientId,
        scope: "openid",
        audience: ISSUER,
      });
    for (const issuer of ["https://old.example.test", `${ISSUER}/`, ISSUER]) {
      const token = await signed(issuer);
      const active = issuer === ISSUER;
      const told = await server.post("/oauth/introspect", { token }, { authorization });
      assert.equal(told.body.active, active, issuer);
      const headers = { authorization: `Bearer ${token}` };
      for (const path of ["/oauth/userinfo", "/auth/verify"]) {
        const response = await server.request(path, { headers });
        assert.equal(response.status, active ? 200 : 401, `${path}, ${issuer}`);
        await response.body?.cancel();
      }
    }
  },
);

testOnEachDatabase(
  "rejects scopes that would exceed 1 KB before the approval",
  async (location) => {
    const names = Array.from({ length: 20 }, (_, i) => `${"scope".repeat(2)}:${i}`);
    await using server = await testServer(location, (config) => {
      config.signingAlgorithm = "RS256";
      for (const name of names) config.scopes.push({ name, description: name });
    });
    const user = await server.addUser();
    let largest = 0;
    let refused = 0;
    for (let count = 1; count <= names.length; count++) {
      const scope = ["offline_access", ...names.slice(0, count)].join(" ");
      const form = { client_id: brand.cliClientId, scope };
      const started = await server.post("/oauth/device/authorize", form);
      if (started.status === 400) {
        assert.equal(started.body.error, "invalid_scope");
        refused++;
        continue;
      }
      await server.decide(started.body.user_code, user.id);
      const answer = await server.poll(started.body.device_code);
      largest = Math.max(largest, answer.body.access_token.length);
    }
    assert.ok(refused > 0);
    // The rest is kept for the longest acr and amr.
    assert.ok(largest <= 1024 && largest > 920, `largest was ${largest}`);
  },
);

testOnEachDatabase("introspection requires a confidential client", async (location) => {
  await using server = await testServer(location);
  const user = await server.addUser();
  const client = await server.addClient();
  const tokens = await server.login(user.id);
  const introspect = (token: string, authorization = client.authorization) =>
    server.post("/oauth/introspect", { token }, { authorization });

  const active = await introspect(tokens.access_token);
  assert.equal(active.status, 200);
  assert.equal(active.body.active, true);
  assert.equal(active.body.sub, user.id);
  assert.equal(active.body.username, user.email);
  assert.equal(active.body.scope, FULL_SCOPE);
  assert.equal(active.body.client_id, brand.cliClientId);
  assert.equal(active.body.token_type, "Bearer");
  const refresh = await introspect(tokens.refresh_token!);
  assert.equal(refresh.body.active, true);
  assert.equal(refresh.body.token_type, "refresh_token");

  const signature = tokens.access_token.lastIndexOf(".") + 1;
  // Not its last character, of which some bits say nothing.
  const forged = tokens.access_token.slice(0, signature) +
    (tokens.access_token[signature] === "A" ? "B" : "A") +
    tokens.access_token.slice(signature + 1);
  for (const token of ["nonsense", tokens.id_token!, forged]) {
    assert.deepEqual((await introspect(token)).body, { active: false });
  }
  const [id] = atob(client.authorization.slice(6)).split(":");
  const wrong = await introspect(tokens.access_token, `Basic ${btoa(`${id}:wrong`)}`);
  assert.equal(wrong.status, 401);
  assert.equal(wrong.body.error, "invalid_client");
  assert.match(wrong.headers.get("www-authenticate")!, /^Basic /);
  const publicClient = await server.post("/oauth/introspect", {
    client_id: brand.cliClientId,
    token: tokens.access_token,
  });
  assert.equal(publicClient.status, 401);

  server.clock.advance({ seconds: 900 });
  assert.deepEqual((await introspect(tokens.access_token)).body, { active: false });
});

testOnEachDatabase(
  "revoking a refresh token revokes the login and its access tokens",
  async (location) => {
    await using server = await testServer(location);
    const user = await server.addUser();
    const client = await server.addClient();
    const tokens = await server.login(user.id);
    const otherLogin = await server.login(user.id);
    const isActive = async (token: string) => {
      const headers = { authorization: client.authorization };
      return (await server.post("/oauth/introspect", { token }, headers)).body.active;
    };
    // Another client revokes nothing (RFC 7009 section 2.1).
    const foreign = { authorization: client.authorization };
    await server.post("/oauth/revoke", { token: tokens.refresh_token! }, foreign);
    assert.equal(await isActive(tokens.access_token), true);

    const form = { client_id: brand.cliClientId, token: tokens.refresh_token! };
    const answer = await server.post("/oauth/revoke", form);
    assert.equal(answer.status, 200);
    assert.equal(answer.body, undefined);
    assert.equal(await isActive(tokens.access_token), false);
    assert.equal(await isActive(tokens.refresh_token!), false);
    assert.equal((await server.refresh(tokens.refresh_token!)).body.error, "invalid_grant");
    assert.equal(await isActive(otherLogin.access_token), true);

    // Of an access token only itself is revoked; an unknown token is not an error (section 2.2).
    const accessTokenForm = { client_id: brand.cliClientId, token: otherLogin.access_token };
    assert.equal((await server.post("/oauth/revoke", accessTokenForm)).status, 200);
    assert.equal(await isActive(otherLogin.access_token), false);
    assert.equal(await isActive(otherLogin.refresh_token!), true);
    const unknown = { client_id: brand.cliClientId, token: "nonsense" };
    assert.equal((await server.post("/oauth/revoke", unknown)).status, 200);
  },
);

testOnEachDatabase(
  "introspection of a refresh token is active only while it can be used",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.refreshTokenIdleLifetime = 86_400;
      config.refreshTokenAbsoluteLifetime = 30 * 86_400;
    });
    const { clock } = server;
    const { sql } = server.parts;
    const { id } = await server.addUser();
    const { authorization } = await server.addClient();
    const { refresh_token: token } = await server.login(id);
    const introspect = async () =>
      (await server.post("/oauth/introspect", { token: token! }, { authorization })).body;
    const start = clock.now();
    assert.equal((await introspect()).exp, start / 1000 + 86_400, "the nearer of its two ends");
    await sql`update users set disabled_at = ${new Date(start)} where id = ${id}`;
    assert.deepEqual(await introspect(), { active: false });
    await sql`update users set disabled_at = null where id = ${id}`;
    clock.advance({ seconds: 86_399 });
    assert.equal((await introspect()).active, true);
    clock.advance({ seconds: 1 });
    assert.deepEqual(await introspect(), { active: false });
    await sql`update refresh_token_families set idle_expires_at = ${new Date(start + 9e9)}`;
    assert.equal((await introspect()).exp, start / 1000 + 30 * 86_400);
    clock.set(start + 30 * 86_400_000);
    assert.deepEqual(await introspect(), { active: false });
    clock.set(start);
    await sql`update refresh_token_families set revoked_at = ${new Date(start)}`;
    assert.deepEqual(await introspect(), { active: false });
  },
);

testOnEachDatabase(
  "accepts only a JWT with the type, claims and size of our access tokens",
  async (location) => {
    await using server = await testServer(location);
    const { keys, clock, issuer } = server.parts;
    const { id } = await server.addUser();
    const { authorization } = await server.addClient();
    const now = Math.floor(clock.now() / 1000);
    const claims = {
      iss: issuer,
      sub: id,
      aud: issuer,
      client_id: brand.cliClientId,
      scope: "openid",
      jti: "an id",
      iat: now,
      exp: now + 60,
    };
    const key = await keys.active();
    const { algorithm: alg, kid } = key;
    const isActive = async (header: Record<string, unknown>, change: Record<string, unknown>) => {
      const input = [{ alg, kid, typ: "at+jwt", ...header }, { ...claims, ...change }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      const signature = await key.sign(new TextEncoder().encode(input));
      const token = `${input}.${Buffer.from(signature).toString("base64url")}`;
      return (await server.post("/oauth/introspect", { token }, { authorization })).body.active;
    };
    assert.equal(await isActive({}, {}), true);
    for (const typ of ["JWT", "logout+jwt", undefined]) {
      assert.equal(await isActive({ typ }, {}), false, typ);
    }
    for (const name of ["sub", "aud", "exp", "iat", "jti", "client_id"]) {
      assert.equal(await isActive({}, { [name]: undefined }), false, `without ${name}`);
    }
    const typed = (typ: string) => signJwt(key, typ, claims);
    assert.equal(await isIdToken(server.parts, await typed("JWT")), true);
    assert.equal(await isIdToken(server.parts, await typed("logout+jwt")), false);
    assert.equal(await isActive({}, { more: "x".repeat(400) }), true);
    assert.equal(
      await isActive({}, { more: "x".repeat(2000) }),
      false,
      "larger than any that we issue",
    );
  },
);

testOnEachDatabase(
  "userinfo returns the claims of the scopes, according to RFC 6750",
  async (location) => {
    await using server = await testServer(location);
    const user = await server.addUser();
    const ask = async (token?: string, method = "GET") => {
      const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
      const response = await server.request("/oauth/userinfo", { method, headers });
      const challenge = response.headers.get("www-authenticate");
      return { status: response.status, challenge, body: await response.json() };
    };
    const full = await server.login(user.id);
    for (const method of ["GET", "POST"]) {
      const { body } = await ask(full.access_token, method);
      assert.deepEqual(body, {
        sub: user.id,
        name: "Alice Example",
        email: user.email,
        email_verified: false,
      });
    }
    const bare = await server.login(user.id, "openid");
    assert.deepEqual((await ask(bare.access_token)).body, { sub: user.id });
    const without = await server.login(user.id, "profile");
    const refused = await ask(without.access_token);
    assert.equal(refused.status, 403);
    assert.match(refused.challenge!, /error="insufficient_scope"/);
    const missing = await ask();
    assert.equal(missing.status, 401);
    assert.equal(missing.challenge, 'Bearer realm="oauth"');
    const wrong = await ask("nonsense");
    assert.equal(wrong.status, 401);
    assert.match(wrong.challenge!, /error="invalid_token"/);
    // A disabled user's token is inactive as soon as the database has notified the server.
    await server.parts.sql`update users set disabled_at = created_at where id = ${user.id}`;
    const refusal = async () => (await ask(full.access_token)).status === 401;
    await eventually("the token is inactive", refusal);
  },
);

testOnEachDatabase(
  "publishes the next key before it signs, and the previous one after",
  async (location) => {
    await using server = await testServer(location);
    const { keys } = server.parts;
    const user = await server.addUser();
    const kidOf = (token: string) => decodeProtectedHeader(token).kid;
    const published = async () =>
      (await (await server.request("/oauth/jwks")).json()).keys.map(({ kid }: { kid: string }) =>
        kid
      );
    const first = await server.login(user.id);
    assert.equal((await published()).length, 2);

    // At once: the next key is too young for verifiers' caches, so it waits.
    const activatesAt = await keys.rotate(false);
    await keys.maintain();
    assert.ok(activatesAt.getTime() > server.clock.now());
    const before = await server.login(user.id);
    assert.equal(kidOf(before.access_token), kidOf(first.access_token));
    server.clock.set(activatesAt.getTime());
    const after = await server.login(user.id);
    assert.notEqual(kidOf(after.access_token), kidOf(first.access_token));
    assert.equal((await published()).length, 3);
    assert.ok((await published()).includes(kidOf(before.access_token)));
    await verifiable(server, before.access_token, ISSUER, "at+jwt");

    server.clock.advance({ minutes: 15 });
    assert.ok((await published()).includes(kidOf(before.access_token)));
    server.clock.advance({ minutes: 10 });
    assert.ok(!(await published()).includes(kidOf(before.access_token)));

    // By age, without a command.
    server.clock.advance({ days: 90 });
    await keys.maintain();
    server.clock.advance({ minutes: 1 });
    const aged = await server.login(user.id);
    assert.notEqual(kidOf(aged.access_token), kidOf(after.access_token));
    // A leaked key cannot wait.
    assert.equal((await keys.rotate(true)).getTime(), server.clock.now());
    const forced = await server.login(user.id);
    assert.notEqual(kidOf(forced.access_token), kidOf(aged.access_token));
  },
);

testOnEachDatabase(
  "both well-known documents name every endpoint, and all of them respond",
  async (location) => {
    await using server = await testServer(location);
    const paths = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
    const [oauthMetadata, openidMetadata] = await Promise.all(
      paths.map(async (path) => await (await server.request(path)).json()),
    );
    assert.deepEqual(oauthMetadata, openidMetadata);
    assert.equal(oauthMetadata.issuer, ISSUER);
    for (const [name, value] of Object.entries(oauthMetadata)) {
      if (!name.endsWith("_endpoint") && name !== "jwks_uri") continue;
      const path = String(value).replace(ISSUER, "");
      const method = name === "jwks_uri" ? "GET" : "POST";
      const response = await server.request(path, { method });
      assert.ok(response.status < 404, `${name} answered ${response.status}`);
      await response.body?.cancel();
    }
    const health = await server.request("/healthz");
    assert.deepEqual(await health.json(), { status: "ok" });
    const ready = await server.request("/readyz");
    assert.deepEqual(await ready.json(), { status: "ready", setup_required: true });
  },
);
