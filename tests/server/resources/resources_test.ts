/** Tokens for one resource are worth nothing at another (RFC 8707, RFC 9068 section 4). */
import assert from "node:assert/strict";
import { setExternalGroups } from "../../../server/access/external_groups.ts";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { insertClient } from "../../../server/store/clients.ts";
import { deleteResource, insertResource } from "../../../server/store/resources.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { brand } from "../../../shared/brand.ts";
import { managementResource } from "../../../shared/management.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, verify } from "../../support/pats.ts";
import { addPerson, addUserWithPassword, signedIn } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const ORDERS = "https://orders.example.com";
const BILLING = "https://billing.example.com/api";

function withResources(config: ServerConfig): void {
  config.scopes.push({ name: "deploy", description: "Deploy your services" });
  config.resources.push(
    {
      name: "orders",
      identifier: ORDERS,
      title: "Orders",
      scopes: [
        { name: "orders:read", description: "See your orders" },
        { name: "orders:write", description: "Change your orders", roles: ["admin"] },
      ],
      accessTokenLifetime: 300,
      claims: ["email", "groups"],
    },
    {
      name: "billing",
      identifier: BILLING,
      scopes: [{ name: "billing:read", description: "See your invoices" }],
      signingAlgorithm: "RS256",
      claims: [],
    },
  );
}

const SCOPE = "openid offline_access deploy orders:read billing:read";

/** A device login for several resources; the answer to the last poll. */
async function logIn(
  server: TestServer,
  userId: string,
  { scope = SCOPE, resources = [ISSUER, ORDERS, BILLING] }: {
    scope?: string;
    resources?: string[];
  } = {},
) {
  const started = await authorize(server, scope, resources);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  assert.equal(await server.decide(started.body.user_code, userId), true);
  return await server.poll(started.body.device_code);
}

/** A device authorization request with a parameter `resource` for each of `resources`. */
async function authorize(
  server: TestServer,
  scope: string,
  resources: readonly string[],
  clientId: string = brand.cliClientId,
) {
  const body = new URLSearchParams({ client_id: clientId, scope });
  for (const resource of resources) body.append("resource", resource);
  const response = await server.request("/oauth/device/authorize", { method: "POST", body });
  return { status: response.status, body: await response.json() };
}

/** A confidential client that introspects, and what it learns of a token. */
async function introspector(server: TestServer, resources?: string[]) {
  const id = `api-${crypto.randomUUID()}`;
  const now = new Date(server.clock.now());
  const secretHash = tokenHash("secret");
  await insertClient(server.parts.sql, { id, name: id, grants: [], resources, secretHash, now });
  const authorization = `Basic ${btoa(`${id}:secret`)}`;
  return async (token: string) =>
    (await server.post("/oauth/introspect", { token }, { authorization })).body;
}

testOnEachDatabase("each door opens for the tokens of its own resource only", async (location) => {
  await using server = await testServer(location, withResources);
  const alice = await addPerson(server);
  const login = await logIn(server, alice.id);
  const refreshed = async (resource: string, token: string) => {
    const { body } = await server.refresh(token, { resource });
    return body;
  };
  const forOrders = await refreshed(ORDERS, login.body.refresh_token);
  const forBilling = await refreshed(BILLING, forOrders.refresh_token);
  const managing = await managementToken(server, alice.id, "orders:read");
  const pat = await call(server, managing, "POST", "/api/v1/tokens", {
    name: "orders",
    scopes: ["orders:read"],
    resource: "orders",
  });
  assert.equal(pat.status, 201, JSON.stringify(pat.body));
  const exchanged = await exchange(server, ACCESS_TOKEN_TYPE, pat.body.token);
  const narrow = await exchange(server, REFRESH_TOKEN_TYPE, forBilling.refresh_token, {
    resource: ORDERS,
  });
  const tokens = {
    "default login": [login.body.access_token, "default", ISSUER],
    "orders login": [forOrders.access_token, "orders", ORDERS],
    "billing login": [forBilling.access_token, "billing", BILLING],
    "orders token": [pat.body.token, "orders", ORDERS],
    "JWT of the orders token": [exchanged.body.access_token, "orders", ORDERS],
    "narrow token for orders": [narrow.body.access_token, "orders", ORDERS],
    "default token": [(await createPat(server, alice)).token, "default", ISSUER],
    "management token": [managing, "management", managementResource(ISSUER)],
  } as const;
  const introspect = {
    default: await introspector(server),
    orders: await introspector(server, ["orders"]),
    both: await introspector(server, ["default", "billing"]),
  };
  for (const [name, [token, resource, audience]] of Object.entries(tokens)) {
    const states: Record<string, boolean> = {};
    for (const query of ["", "?resource=default", "?resource=orders", `?resource=${BILLING}`]) {
      states[query] = (await verify(server, token, query)).status === 200;
    }
    assert.deepEqual(states, {
      "": resource === "default",
      "?resource=default": resource === "default",
      "?resource=orders": resource === "orders",
      [`?resource=${BILLING}`]: resource === "billing",
    }, name);
    assert.equal((await introspect.default(token)).active, resource === "default", name);
    assert.equal((await introspect.orders(token)).active, resource === "orders", name);
    const expected = resource === "default" || resource === "billing";
    const { active, aud } = await introspect.both(token);
    assert.equal(active, expected, name);
    if (expected) assert.equal(aud, audience, name);
    const managed = await call(server, token, "GET", "/api/v1/tokens");
    assert.equal(managed.status, resource === "management" ? 200 : 401, name);
    const userinfo = await call(server, token, "GET", "/oauth/userinfo");
    const isLogin = name === "default login";
    assert.equal(userinfo.status, isLogin ? 200 : resource === "default" ? 403 : 401, name);
    if (token.startsWith("ey")) assert.equal(decodeJwt(token).aud, audience, name);
  }
});

testOnEachDatabase(
  "a token has the scopes, lifetime and claims of its resource",
  async (location) => {
    await using server = await testServer(location, withResources);
    const alice = await addPerson(server);
    const login = await logIn(server, alice.id);
    assert.equal(login.body.scope, "openid offline_access deploy");
    const token = decodeJwt(login.body.access_token);
    assert.equal(token.email, undefined);
    const orders = await server.refresh(login.body.refresh_token, { resource: `${ORDERS}/` });
    assert.equal(orders.body.scope, "orders:read");
    assert.equal(orders.body.expires_in, 300);
    const claims = decodeJwt(orders.body.access_token);
    const { aud, email, email_verified, groups, scope } = claims;
    assert.deepEqual(
      { aud, email, email_verified, groups, scope },
      {
        aud: ORDERS,
        email: alice.email,
        email_verified: false,
        groups: ["user"],
        scope: "orders:read",
      },
    );
    const billing = await server.refresh(orders.body.refresh_token, { resource: BILLING });
    assert.equal(decodeProtectedHeader(billing.body.access_token).alg, "RS256");
    assert.equal(decodeProtectedHeader(orders.body.access_token).alg, "ES256");
    assert.equal(decodeJwt(billing.body.access_token).groups, undefined);
    // Without a resource: the default one, since it was approved.
    const again = await server.refresh(billing.body.refresh_token);
    assert.equal(decodeJwt(again.body.access_token).aud, ISSUER);
    // Narrower, and only what the resource has.
    const narrow = await server.refresh(again.body.refresh_token, {
      resource: ORDERS,
      scope: "openid orders:read",
    });
    assert.equal(narrow.body.scope, "orders:read");
    const foreign = await server.refresh(narrow.body.refresh_token, {
      resource: ORDERS,
      scope: "billing:read",
    });
    assert.equal(foreign.body.error, "invalid_scope");
  },
);

testOnEachDatabase("a login gets tokens only for what was approved", async (location) => {
  await using server = await testServer(location, withResources);
  const alice = await addPerson(server);
  const plain = await server.login(alice.id, "openid offline_access");
  const refused = await server.refresh(plain.refresh_token!, { resource: ORDERS });
  assert.deepEqual([refused.status, refused.body.error], [400, "invalid_target"]);
  assert.equal((await server.refresh(plain.refresh_token!)).status, 200, "it is not spent");
  // Without the default resource, the first one takes its place.
  const scope = "openid offline_access orders:read billing:read";
  const login = await logIn(server, alice.id, { scope, resources: [BILLING, ORDERS] });
  assert.equal(decodeJwt(login.body.access_token).aud, BILLING);
  assert.equal(decodeJwt(login.body.id_token).sub, alice.id);
  const again = await server.refresh(login.body.refresh_token);
  assert.equal(decodeJwt(again.body.access_token).aud, BILLING);
  const other = await server.refresh(again.body.refresh_token, { resource: ISSUER });
  assert.equal(other.body.error, "invalid_target");
  const narrow = await exchange(server, REFRESH_TOKEN_TYPE, again.body.refresh_token, {
    audience: "default",
  });
  assert.equal(narrow.body.error, "invalid_target");
  // At redemption too (RFC 8707 section 2.2).
  const started = await authorize(server, "orders:read", [ORDERS]);
  await server.decide(started.body.user_code, alice.id);
  const redeemed = await server.post("/oauth/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: brand.cliClientId,
    device_code: started.body.device_code,
    resource: BILLING,
  });
  assert.equal(redeemed.body.error, "invalid_target");
});

testOnEachDatabase("rejects resources and scopes that do not belong together", async (location) => {
  await using server = await testServer(location, withResources);
  const management = managementResource(ISSUER);
  const cases: [string, string, string[]][] = [
    ["invalid_target", "openid", ["https://unknown.example.com"]],
    ["invalid_target", "openid", ["orders"]],
    ["invalid_target", "openid", [ORDERS, "https://unknown.example.com"]],
    ["invalid_target", "orders:read manage:tokens", [ORDERS, management]],
    ["invalid_scope", "orders:read", []],
    ["invalid_scope", "orders:read", [BILLING]],
    ["invalid_scope", "deploy", [ORDERS]],
    ["invalid_scope", "orders:delete", [ORDERS]],
    ["invalid_request", "openid", Array.from({ length: 30 }, (_, i) => `${ORDERS}/${i}`)],
  ];
  for (const [error, scope, resources] of cases) {
    const { status, body } = await authorize(server, scope, resources);
    assert.deepEqual([status, body.error], [400, error], `${scope} for ${resources}`);
  }
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: brand.cliClientId });
  for (const resource of [ORDERS, BILLING]) body.append("resource", resource);
  const response = await server.request("/oauth/token", { method: "POST", body });
  assert.equal((await response.json()).error, "invalid_target");
  assert.equal((await authorize(server, "deploy", [ISSUER, ISSUER])).status, 200);
});

testOnEachDatabase("a client is limited to its resources", async (location) => {
  await using server = await testServer(location, withResources);
  const { sql } = server.parts;
  const alice = await addPerson(server);
  const now = new Date(server.clock.now());
  const client = { id: "shop", name: "Shop", grants: ["device"] as const, resources: ["orders"] };
  await insertClient(sql, { ...client, now });
  for (const resources of [[ISSUER], [BILLING], [ORDERS, BILLING]]) {
    const { body } = await authorize(server, "openid", resources, client.id);
    assert.equal(body.error, "invalid_target", resources.join());
  }
  // It needs no parameter for the only one that it has.
  const started = await authorize(server, "offline_access orders:read", [], client.id);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  await server.decide(started.body.user_code, alice.id);
  const { body: login } = await server.post("/oauth/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: client.id,
    device_code: started.body.device_code,
  });
  assert.equal(decodeJwt(login.access_token).aud, ORDERS);
  assert.equal((await verify(server, login.access_token, "?resource=orders")).status, 200);
  await sql`update clients set resources = '["billing"]' where id = ${client.id}`;
  server.parts.tokenValidator.invalidate(`client:${client.id}`);
  assert.equal((await verify(server, login.access_token, "?resource=orders")).status, 401);
  const refreshed = await server.post("/oauth/token", {
    grant_type: "refresh_token",
    client_id: client.id,
    refresh_token: login.refresh_token,
  });
  assert.equal(refreshed.body.error, "invalid_target");
  // Nor by an exchange that names no resource.
  await sql`update clients set grants = '["exchange"]' where id = ${client.id}`;
  server.parts.tokenValidator.invalidate(`client:${client.id}`);
  const request = { name: "orders", scopes: ["orders:read"], resource: ORDERS };
  const managing = await managementToken(server, alice.id, "orders:read");
  const pat = await call(server, managing, "POST", "/api/v1/tokens", request);
  const exchanged = await exchange(server, ACCESS_TOKEN_TYPE, pat.body.token, {
    client_id: client.id,
  });
  assert.equal(exchanged.body.error, "invalid_target");
});

testOnEachDatabase("a removed resource takes its tokens with it", async (location) => {
  await using server = await testServer(location);
  const { sql, catalog, tokenValidator } = server.parts;
  const resource = {
    name: "stock",
    identifier: "https://stock.example.com",
    scopes: [{ name: "stock:read", description: "See the stock" }],
    claims: [],
  };
  const change = async (run: () => Promise<unknown>) => {
    await run();
    tokenValidator.invalidate(`resource:${resource.name}`);
    await catalog.reload();
  };
  await change(() => insertResource(sql, { ...resource, now: new Date(server.clock.now()) }));
  const alice = await addPerson(server);
  const login = await logIn(server, alice.id, {
    scope: "offline_access stock:read",
    resources: [ISSUER, resource.identifier],
  });
  const own = await server.refresh(login.body.refresh_token, { resource: resource.identifier });
  const managing = await managementToken(server, alice.id, "stock:read");
  const request = { name: "stock", scopes: ["stock:read"], resource: resource.identifier };
  const pat = await call(server, managing, "POST", "/api/v1/tokens", request);
  assert.equal(pat.status, 201, JSON.stringify(pat.body));
  const tokens = [own.body.access_token, pat.body.token];
  for (const token of tokens) {
    assert.equal((await verify(server, token, "?resource=stock&scope=stock:read")).status, 200);
  }
  await change(() => deleteResource(sql, resource.name));
  for (const token of tokens) {
    assert.equal((await verify(server, token, "?resource=stock")).status, 400);
    assert.equal((await verify(server, token)).status, 401, "not at the default one either");
  }
  const refused = await server.refresh(own.body.refresh_token, { resource: resource.identifier });
  assert.equal(refused.body.error, "invalid_target");
  assert.equal((await server.refresh(own.body.refresh_token)).status, 200);
  const rotated = await call(server, managing, "POST", `/api/v1/tokens/${pat.body.id}/rotate`, {
    overlap: 0,
  });
  assert.equal(rotated.status, 403);
});

testOnEachDatabase(
  "describes each resource (RFC 9728), and names it in challenges",
  async (location) => {
    await using server = await testServer(location, (config) => {
      withResources(config);
      const local = { name: "mcp", identifier: `${ISSUER}/mcp`, scopes: [], claims: [] };
      config.resources.push(local);
    });
    const get = async (path: string) => {
      const response = await server.request(path);
      return { status: response.status, body: await response.json(), headers: response.headers };
    };
    const orders = await get("/resources/orders/metadata");
    assert.deepEqual(orders.body, {
      resource: ORDERS,
      authorization_servers: [ISSUER],
      scopes_supported: ["orders:read", "orders:write"],
      bearer_methods_supported: ["header"],
      resource_name: "Orders",
    });
    assert.equal(orders.headers.get("access-control-allow-origin"), "*");
    const well = "/.well-known/oauth-protected-resource";
    assert.equal((await get(`${well}/mcp`)).body.resource, `${ISSUER}/mcp`);
    assert.equal((await get(well)).body.resource, ISSUER);
    for (const path of [`${well}/other`, `${well}/api/v1`, "/resources/management/metadata"]) {
      assert.equal((await get(path)).status, 404, path);
    }
    const { body } = await get("/.well-known/oauth-authorization-server");
    assert.deepEqual(body.protected_resources, [ISSUER, ORDERS, BILLING, `${ISSUER}/mcp`]);
    assert.deepEqual(body.resources[1], {
      name: "orders",
      identifier: ORDERS,
      title: "Orders",
      scopes_supported: ["orders:read", "orders:write"],
    });
    const alice = await addPerson(server);
    const metadata = `resource_metadata="${ISSUER}/resources/orders/metadata"`;
    const missing = await verify(server, undefined, "?resource=orders&scope=orders:read");
    assert.equal(missing.challenge, `Bearer scope="orders:read", ${metadata}`);
    const wrong = await verify(server, alice.login, "?resource=orders");
    assert.equal(wrong.status, 401);
    assert.ok(wrong.challenge!.endsWith(metadata), wrong.challenge!);
    const login = await logIn(server, alice.id);
    const own = await server.refresh(login.body.refresh_token, { resource: ORDERS });
    const query = "?resource=orders&scope=orders:write";
    const lacking = await verify(server, own.body.access_token, query);
    assert.equal(lacking.status, 403);
    assert.ok(lacking.challenge!.endsWith(`scope="orders:write", ${metadata}`), lacking.challenge!);
    for (const query of ["?resource=nothing", "?resource=orders&resource=billing"]) {
      assert.equal((await verify(server, own.body.access_token, query)).status, 400, query);
    }
    // Below the path the query is the client's.
    const below = await server.request("/auth/verify/x?resource=orders", {
      headers: { authorization: `Bearer ${own.body.access_token}` },
    });
    assert.equal(below.status, 401);
  },
);

testOnEachDatabase("creates personal access tokens for one resource", async (location) => {
  await using server = await testServer(location, withResources);
  const alice = await addPerson(server);
  const managing = await managementToken(server, alice.id, "orders:read deploy");
  const create = (request: object) => call(server, managing, "POST", "/api/v1/tokens", request);
  const cases: [number, object][] = [
    [422, { name: "a", scopes: ["deploy"], resource: "orders" }],
    [422, { name: "b", scopes: ["orders:read"] }],
    [422, { name: "c", scopes: [], resource: "orders" }],
    [422, { name: "d", scopes: ["orders:read"], resource: "unknown" }],
    [422, { name: "e", scopes: ["manage:tokens"], resource: "management" }],
    [403, { name: "f", scopes: ["orders:write"], resource: "orders" }],
    [403, { name: "g", scopes: ["billing:read"], resource: "billing" }],
    [201, { name: "h", scopes: ["orders:read"], resource: ORDERS }],
  ];
  for (const [status, request] of cases) {
    const answer = await create(request);
    assert.equal(answer.status, status, JSON.stringify([request, answer.body]));
    if (status === 201) assert.equal(answer.body.resource, ORDERS);
  }
});

async function managementToken(server: TestServer, userId: string, scope: string) {
  return (await server.approveManagement(userId, `manage:tokens ${scope}`)).access_token;
}

function exchange(
  server: TestServer,
  subjectTokenType: string,
  subjectToken: string,
  more: Record<string, string> = {},
) {
  return server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    client_id: brand.cliClientId,
    subject_token_type: subjectTokenType,
    subject_token: subjectToken,
    ...more,
  });
}

testOnEachDatabase(
  "pages show resources with their scopes before anything is approved",
  async (location) => {
    await using server = await testServer(location, withResources);
    const alice = await addUserWithPassword(server);
    const browser = await signedIn(server);
    const resources = [ISSUER, ORDERS, BILLING];
    const started = await authorize(server, SCOPE.replace(" billing:read", ""), resources);
    await browser.get("/device");
    const entered = await browser.submit("/device", { user_code: started.body.user_code });
    const page = await browser.get(entered.location!);
    const sections = [...page.html.matchAll(/<section data-resource="(\w+)">(.*?)<\/section>/gs)];
    assert.deepEqual(sections.map(([, name]) => name), ["default", "orders", "billing"]);
    const [standard, orders, billing] = sections.map(([, , html]) => html);
    assert.ok(standard.includes("Deploy your services") && standard.includes(ISSUER));
    assert.ok(orders.includes("Orders") && orders.includes(ORDERS));
    assert.ok(orders.includes("See your orders"));
    assert.ok(billing.includes(BILLING) && !billing.includes("See your invoices"));
    await browser.submit("/device/confirm", { decision: "approve" });
    const { body } = await server.poll(started.body.device_code);
    const own = await server.refresh(body.refresh_token, { resource: BILLING });
    assert.deepEqual([own.status, own.body.scope], [200, ""]);
    assert.match((await browser.get("/devices")).html, /data-resources="default orders billing"/);
    // A token for the resource of its scopes.
    const form = await browser.get("/tokens/new");
    assert.match(form.html, /data-resource="orders"/);
    const mixed = { name: "mixed", expiry: "30", "scope:deploy": "on", "scope:orders:read": "on" };
    assert.equal((await browser.submit("/tokens/new", mixed)).status, 422);
    const created = await browser.submit("/tokens/new", {
      name: "orders",
      expiry: "30",
      "scope:orders:read": "on",
    });
    assert.equal(created.status, 200, created.text);
    const [{ resource }] = await server.parts.sql`
    select resource from personal_access_tokens where user_id = ${alice.id}`;
    assert.equal(resource, ORDERS);
  },
);

testOnEachDatabase(
  "issues all groups of a user or none, and introspects all of them",
  async (location) => {
    await using server = await testServer(location, withResources);
    const { sql, clock } = server.parts;
    const alice = await addPerson(server, { admin: true });
    const introspect = await introspector(server, ["orders"]);
    let { refresh_token: refreshToken } = (await logIn(server, alice.id)).body;
    const groupsIn = async (names: string[]) => {
      await sql.begin((tx) =>
        setExternalGroups(tx, { clock }, { userId: alice.id, source: "idp:okta", names })
      );
      const { body } = await server.refresh(refreshToken, { resource: ORDERS });
      refreshToken = body.refresh_token;
      const token: string = body.access_token;
      assert.ok(token.length <= 1700, `${token.length}`);
      assert.equal((await verify(server, token, "?resource=orders")).status, 200);
      assert.deepEqual((await introspect(token)).groups, ["admin", "user", ...names]);
      const { groups, hasgroups } = decodeJwt(token);
      return { groups, hasgroups };
    };
    const few = ["deployers", "x".repeat(200), "y".repeat(200)];
    assert.deepEqual(await groupsIn(few), {
      groups: ["admin", "user", ...few],
      hasgroups: undefined,
    });
    const many = Array.from(
      { length: 500 },
      (_, index) => `group-${String(index).padStart(3, "0")}`,
    );
    assert.deepEqual(await groupsIn(many), { groups: undefined, hasgroups: true });
  },
);
