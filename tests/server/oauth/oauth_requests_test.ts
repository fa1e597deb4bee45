/**
 * What RFC 6749, 6750, 7009 and 7662 require of every request and response. None of it depends on
 * the database, so the tests run on one.
 */
import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { readForm } from "../../../server/http/form.ts";
import { brand } from "../../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { databaseKinds } from "../../support/databases.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const clientId = brand.cliClientId;

function test(name: string, run: (server: TestServer) => Promise<void>): void {
  Deno.test(name, async () => {
    await using database = await databaseKinds[0].create();
    await using server = await testServer(database.location);
    await run(server);
  });
}

test("ignores unknown parameters, and treats empty ones as absent", async (server) => {
  const started = await server.post("/oauth/device/authorize", {
    client_id: clientId,
    client_secret: "",
    scope: "",
    favorite_color: "green",
  });
  assert.equal(started.status, 200);
  const noGrant = await server.post("/oauth/token", { client_id: clientId, grant_type: "" });
  assert.equal(noGrant.body.error, "invalid_request");
});

test("returns invalid_request for text that the database cannot store", async (server) => {
  for (const path of ["/oauth/device/authorize", "/oauth/token", "/oauth/revoke"]) {
    const answer = await server.post(path, { client_id: "\0", grant_type: "refresh_token" });
    assert.equal(answer.status, 400, path);
    assert.equal(answer.body.error, "invalid_request");
  }
});

Deno.test("rejects an endless body", async () => {
  const body = new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array([97])) });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const request = new Request("http://here.invalid", { method: "POST", headers, body });
  const form = await readForm(request, { timeout: 50 });
  assert.ok(form instanceof OAuthError);
  assert.equal(form.code, "invalid_request");
});

test("grants openid to a client without scope, and says so", async (server) => {
  const user = await server.addUser();
  const { body } = await server.post("/oauth/device/authorize", { client_id: clientId });
  await server.decide(body.user_code, user.id);
  const answer = await server.poll(body.device_code);
  assert.equal(answer.body.scope, "openid");
});

test("rejects wrong and multiple client authentication", async (server) => {
  const { id, authorization } = await server.addClient();
  const secret = atob(authorization.slice("Basic ".length)).split(":")[1];
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${btoa(`${user}:${password}`)}`,
  });
  const introspect = (form: Record<string, string>, headers?: HeadersInit) =>
    server.post("/oauth/introspect", { token: "nonsense", ...form }, headers);

  assert.equal((await introspect({}, { authorization })).status, 200);
  assert.equal((await introspect({ client_id: id, client_secret: secret })).status, 200);
  // RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
  const encoded = encodeURIComponent(secret).replace("-", "%2D");
  assert.equal((await introspect({}, basic(id, encoded))).status, 200);

  const both = await introspect({ client_id: id, client_secret: secret }, { authorization });
  assert.equal(both.body.error, "invalid_request");
  const two = await introspect({ client_id: "another" }, { authorization });
  assert.equal(two.body.error, "invalid_request");
  for (
    const [form, headers] of [
      [{ client_id: id }, undefined],
      [{ client_id: id, client_secret: "wrong" }, undefined],
      [{}, basic("nobody", secret)],
      [{}, { authorization: "Basic %%%" }],
      [{}, { authorization: `Basic ${btoa("no colon")}` }],
    ] as const
  ) {
    const answer = await introspect(form, headers);
    assert.equal(answer.status, 401, JSON.stringify(form));
    assert.equal(answer.body.error, "invalid_client");
    assert.match(answer.headers.get("www-authenticate")!, /^Basic realm="[^"]+"$/);
  }
  const inAddress = await server.post(
    `/oauth/introspect?client_id=${id}&client_secret=${secret}`,
    { token: "nonsense" },
  );
  assert.equal(inAddress.status, 401);
});

test("returns 400 to an unknown client without authentication, and 401 to others", async (server) => {
  const { id } = await server.addClient();
  const basic = (user: string) => ({ authorization: `Basic ${btoa(`${user}:`)}` });
  const asked: [Record<string, string>, number, HeadersInit?][] = [
    [{ client_id: "unknown" }, 400],
    // RFC 6749 section 5.2: 401 to any that used the Authorization header.
    [{}, 401, basic("unknown")],
    [{ client_id: "unknown" }, 401, basic("unknown")],
    [{ client_id: "unknown", client_secret: "x" }, 401],
    [{ client_id: id }, 401],
    [{ client_id: id, client_secret: "wrong" }, 401],
    [{ client_id: clientId, client_secret: "x" }, 401],
  ];
  for (const path of ["/oauth/device/authorize", "/oauth/token", "/oauth/revoke"]) {
    for (const [form, status, headers] of asked) {
      const all = { grant_type: "refresh_token", refresh_token: "x", token: "x", ...form };
      const answer = await server.post(path, all, headers);
      assert.deepEqual([answer.status, answer.body.error], [status, "invalid_client"], path);
      const challenge = answer.headers.get("www-authenticate");
      assert.equal(challenge, status === 401 ? 'Basic realm="oauth"' : null);
    }
  }
});

test("responses are JSON with no-store, and errors are ASCII", async (server) => {
  const user = await server.addUser();
  const { authorization } = await server.addClient();
  const started = await server.startLogin();
  const answers = [
    await server.poll(started.device_code),
    await server.post("/oauth/device/authorize", { client_id: clientId }),
    await server.post("/oauth/device/authorize", { client_id: clientId, scope: "ünknown" }),
    await server.post("/oauth/device/authorize", { client_id: clientId, scope: "no\\such" }),
    await server.post("/oauth/device/authorize", { client_id: clientId, scope: "nosuch" }),
    await server.post("/oauth/token", { client_id: clientId, grant_type: "ünknown" }),
    await server.post("/oauth/introspect", {}, { authorization }),
  ];
  await server.decide(started.user_code, user.id);
  answers.push(await server.poll(started.device_code));
  assert.equal(answers.at(-1)!.status, 200);
  for (const { headers, body } of answers) {
    assert.match(headers.get("content-type")!, /^application\/json/);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("pragma"), "no-cache");
    if (body.error === undefined) continue;
    // RFC 6749 section 5.2
    assert.match(body.error_description, /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
  }
});

test("revokes a token despite a wrong hint", async (server) => {
  const user = await server.addUser();
  const { authorization } = await server.addClient();
  const isActive = async (token: string) =>
    (await server.post("/oauth/introspect", { token }, { authorization })).body.active;
  for (const hint of ["access_token", "ünknown"]) {
    const { refresh_token: token } = await server.login(user.id);
    assert.equal(await isActive(token!), true);
    const form = { client_id: clientId, token: token!, token_type_hint: hint };
    assert.equal((await server.post("/oauth/revoke", form)).status, 200);
    assert.equal(await isActive(token!), false);
  }
  const without = await server.post("/oauth/revoke", { client_id: clientId });
  assert.equal(without.body.error, "invalid_request");
});

test("userinfo accepts a token in header or form, never in the URL", async (server) => {
  const user = await server.addUser();
  const { access_token: token, id_token: idToken } = await server.login(user.id);
  const form = await server.post("/oauth/userinfo", { access_token: token });
  assert.equal(form.body.sub, user.id);
  const address = await server.request(`/oauth/userinfo?access_token=${token}`);
  assert.equal(address.status, 401);
  await address.body?.cancel();
  // RFC 9068 section 4: an ID token is not an access token, and "none" signs nothing.
  const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const [, payload] = token.split(".");
  const unsigned = `${encode({ alg: "none", typ: "at+jwt" })}.${payload}.`;
  for (const other of [idToken!, unsigned]) {
    const headers = { authorization: `Bearer ${other}` };
    const response = await server.request("/oauth/userinfo", { headers });
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate")!, /error="invalid_token"/);
    await response.body?.cancel();
  }
});

test("the token endpoint accepts a device code only by POST", async (server) => {
  const started = await server.startLogin();
  const query = new URLSearchParams({
    grant_type: DEVICE_CODE_GRANT,
    client_id: clientId,
    device_code: started.device_code,
  });
  const get = await server.request(`/oauth/token?${query}`);
  assert.equal(get.status, 405);
  await get.body?.cancel();
  const body = await server.request(`/oauth/token?${query}`, { method: "POST" });
  assert.equal(body.status, 400);
  await body.body?.cancel();
});

test("every endpoint rejects a client that fails to authenticate", async (server) => {
  const user = await server.addUser();
  const { id, authorization } = await server.addClient();
  const { refresh_token } = await server.login(user.id);
  const wrong = { authorization: `Basic ${btoa(`${id}:wrong`)}` };
  const requests: [string, Record<string, string>][] = [
    ["/oauth/device/authorize", {}],
    ["/oauth/token", { grant_type: DEVICE_CODE_GRANT, device_code: "nonsense" }],
    ["/oauth/token", { grant_type: "refresh_token", refresh_token: refresh_token! }],
    ["/oauth/revoke", { token: refresh_token! }],
    ["/oauth/introspect", { token: refresh_token! }],
  ];
  for (const [path, form] of requests) {
    const answer = await server.post(path, form, wrong);
    assert.equal(answer.status, 401, path);
    assert.equal(answer.body.error, "invalid_client");
  }
  const form = { token: refresh_token! };
  const still = await server.post("/oauth/introspect", form, { authorization });
  assert.equal(still.body.active, true);
});

test("other origins can read only public documents", async (server) => {
  const headers = { origin: "https://elsewhere.example" };
  const open = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth/jwks",
  ];
  for (const path of [...open, "/", "/device", "/oauth/userinfo", "/oauth/token", "/readyz"]) {
    const response = await server.request(path, { headers });
    const allowed = response.headers.get("access-control-allow-origin");
    assert.equal(allowed, open.includes(path) ? "*" : null, path);
    await response.body?.cancel();
  }
});

test("does not cache credentials of a public client, however they are written", async (server) => {
  const isCached = (authorization: string) =>
    server.parts.tokenValidator.clients.authenticated(authorization) !== undefined;
  const encoded = btoa(`${clientId}:`);
  for (const scheme of ["Basic ", "basic ", "Basic  "]) {
    const form = { grant_type: "refresh_token", refresh_token: "x" };
    const headers = { authorization: scheme + encoded };
    const { body } = await server.post("/oauth/token", form, headers);
    assert.equal(body.error, "invalid_grant", scheme);
    assert.equal(isCached(headers.authorization), false);
  }
  const { authorization } = await server.addClient();
  await eventually("the credentials of a confidential client are cached", async () => {
    await server.post("/oauth/introspect", { token: "x" }, { authorization });
    return isCached(authorization);
  });
});
