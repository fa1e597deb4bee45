/**
 * What a registered client may do. Invariant: the operator's limits hold at every door, for logins
 * that exist already too, as soon as they are set.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import {
  addClient,
  removeClient,
  rotateSecret,
  setClientDisabled,
  updateClient,
} from "../../../server/admin/client_operations.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { DomainError } from "../../../server/domain_error.ts";
import type { ClientPolicy } from "../../../server/store/clients.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { brand } from "../../../shared/brand.ts";
import {
  DEVICE_CODE_GRANT,
  REFRESH_TOKEN_GRANT,
  TOKEN_EXCHANGE_GRANT,
} from "../../../shared/oauth/grant_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const SCOPE = "openid offline_access read";
const hash = (secret: string) => btoa(String.fromCharCode(...tokenHash(secret)));

async function addCli(server: TestServer, policy: Partial<ClientPolicy> = {}): Promise<void> {
  const added = await addClient(server.parts, {
    id: "acme-cli",
    name: "Acme CLI",
    grants: ["device"],
    ...policy,
  });
  assert.ok(!(added instanceof DomainError), String(added));
}

const start = (server: TestServer, scope = SCOPE) =>
  server.post("/oauth/device/authorize", { client_id: "acme-cli", scope });

async function login(server: TestServer, scope = SCOPE) {
  const user = await server.addUser();
  const { body: { device_code, user_code } } = await start(server, scope);
  assert.equal(await server.decide(user_code, user.id), true);
  const answer = await server.post("/oauth/token", {
    grant_type: DEVICE_CODE_GRANT,
    client_id: "acme-cli",
    device_code,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

const refresh = (server: TestServer, refresh_token: string) =>
  server.post("/oauth/token", {
    grant_type: REFRESH_TOKEN_GRANT,
    client_id: "acme-cli",
    refresh_token,
  });

/** The scopes at /auth/verify, or the status if the token is rejected. */
async function verify(server: TestServer, token: string): Promise<string | number> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await server.request("/auth/verify", { headers });
  return answer.status === 200 ? answer.headers.get("x-auth-scope")! : answer.status;
}

const catalog = (config: ServerConfig) => {
  config.scopes.push({ name: "read", description: "Read your projects" });
  config.scopes.push({ name: "deploy", description: "Deploy your services" });
};

testOnEachDatabase("logs in with a public client within its policy", async (location) => {
  await using server = await testServer(location, catalog);
  await addCli(server, {
    scopes: ["openid", "offline_access", "read"],
    accessTokenLifetime: 120,
    refreshTokenIdleLifetime: 3600,
    refreshTokenAbsoluteLifetime: 7200,
  });
  const tokens = await login(server);
  const { client_id, iat, exp } = decodeJwt(tokens.access_token);
  assert.deepEqual([client_id, exp! - iat!, tokens.expires_in], ["acme-cli", 120, 120]);
  assert.equal(tokens.refresh_token_expires_in, 3600);
  server.clock.advance({ minutes: 50 });
  const renewed = await refresh(server, tokens.refresh_token);
  assert.deepEqual([renewed.body.expires_in, renewed.body.refresh_token_expires_in], [120, 3600]);
  server.clock.advance({ minutes: 50 });
  const last = await refresh(server, renewed.body.refresh_token);
  assert.equal(last.body.refresh_token_expires_in, 1200);
  server.clock.advance({ minutes: 20 });
  assert.equal((await refresh(server, last.body.refresh_token)).body.error, "invalid_grant");
  assert.equal((await start(server, "openid deploy")).body.error, "invalid_scope");
});

testOnEachDatabase("rejects a lifetime that is out of range", async (location) => {
  await using server = await testServer(location);
  for (const refreshTokenAbsoluteLifetime of [59, 3_000_000_000]) {
    const policy = { id: "acme-cli", name: "Acme CLI", grants: [], refreshTokenAbsoluteLifetime };
    const { code, field } = await addClient(server.parts, policy) as DomainError;
    assert.deepEqual([code, field], ["invalid", "refreshTokenAbsoluteLifetime"]);
  }
});

testOnEachDatabase("rejects a grant that the client may not use", async (location) => {
  await using server = await testServer(location, catalog);
  await addCli(server, { grants: ["exchange"] });
  assert.equal((await start(server)).body.error, "unauthorized_client");
  for (const grant_type of [DEVICE_CODE_GRANT, REFRESH_TOKEN_GRANT]) {
    const form = { grant_type, client_id: "acme-cli", device_code: "x", refresh_token: "x" };
    assert.equal((await server.post("/oauth/token", form)).body.error, "unauthorized_client");
  }
  // Without a client_id, the limits of the built-in command line hold.
  const exchange = (form = {}) =>
    server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token: "x",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      ...form,
    });
  assert.equal((await exchange({ client_id: "acme-cli" })).body.error, "invalid_request");
  assert.equal((await exchange()).body.error, "invalid_request");
  await updateClient(server.parts, { id: brand.cliClientId, changes: { grants: ["device"] } });
  await eventually(
    "the change is noticed",
    async () => (await exchange()).body.error === "unauthorized_client",
  );
  await setClientDisabled(server.parts, { id: brand.cliClientId, disabled: true });
  await eventually(
    "exchanges without a client_id are those of the disabled command line",
    async () => (await exchange()).body.error === "invalid_client",
  );
});

testOnEachDatabase("narrows the logins of a client as soon as it is changed", async (location) => {
  await using server = await testServer(location, catalog);
  const { parts } = server;
  await addCli(server);
  const tokens = await login(server, `${SCOPE} deploy`);
  assert.match(String(await verify(server, tokens.access_token)), /deploy/);
  await updateClient(parts, {
    id: "acme-cli",
    changes: { scopes: ["openid", "offline_access", "read"] },
  });
  await eventually(
    "the change is noticed",
    async () => await verify(server, tokens.access_token) === SCOPE,
  );
  let renewed = await refresh(server, tokens.refresh_token);
  // The cache of clients may notice it a moment later than that of tokens.
  await eventually("the login is narrowed too", async () => {
    renewed = await refresh(server, tokens.refresh_token);
    return renewed.body.scope === SCOPE;
  });
  // What was approved comes back with the policy, and nothing else does.
  await updateClient(parts, { id: "acme-cli", changes: { scopes: null } });
  await eventually(
    "the change is noticed",
    async () =>
      (await refresh(server, renewed.body.refresh_token)).body.scope === `${SCOPE} deploy`,
  );
});

testOnEachDatabase("stops the logins of a client that is disabled", async (location) => {
  await using server = await testServer(location, catalog);
  const { parts } = server;
  await addCli(server);
  const tokens = await login(server);
  const pending = await start(server);
  const set = (disabled: boolean) => setClientDisabled(parts, { id: "acme-cli", disabled });
  await set(true);
  await eventually(
    "the change is noticed",
    async () => await verify(server, tokens.access_token) === 401,
  );
  for (const request of [() => start(server), () => refresh(server, tokens.refresh_token)]) {
    await eventually("the client is rejected", async () => {
      const { status, body } = await request();
      return status === 401 && body.error === "invalid_client";
    });
  }
  await set(false);
  await eventually(
    "the change is noticed",
    async () => await verify(server, tokens.access_token) === SCOPE,
  );
  await eventually(
    "the login is renewed again",
    async () => (await refresh(server, tokens.refresh_token)).status === 200,
  );
  assert.equal(await server.decide(pending.body.user_code, (await server.addUser()).id), true);
});

testOnEachDatabase("revokes the logins of a client that is removed", async (location) => {
  await using server = await testServer(location, catalog);
  const { parts } = server;
  await addCli(server);
  const tokens = await login(server);
  const approved = (await start(server)).body;
  const user = await server.addUser();
  assert.equal(await server.decide(approved.user_code, user.id), true);
  assert.deepEqual(await removeClient(parts, { id: "acme-cli" }), { loginsRevoked: 1 });
  await eventually(
    "the change is noticed",
    async () => await verify(server, tokens.access_token) === 401,
  );
  await eventually(
    "the client is rejected",
    async () => (await refresh(server, tokens.refresh_token)).body.error === "invalid_client",
  );
  // A new client with the same id gets neither.
  await addCli(server);
  await eventually(
    "the change is noticed",
    async () => (await refresh(server, tokens.refresh_token)).body.error === "invalid_grant",
  );
  const poll = { grant_type: DEVICE_CODE_GRANT, client_id: "acme-cli" };
  const { body } = await server.post("/oauth/token", {
    ...poll,
    device_code: approved.device_code,
  });
  assert.equal(body.error, "access_denied");
});

testOnEachDatabase("accepts two secrets while they overlap", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  await addClient(parts, { id: "api", name: "API", grants: [], secretHash: hash("first") });
  const introspect = async (secret: string) => {
    const authorization = `Basic ${btoa(`api:${secret}`)}`;
    return (await server.post("/oauth/introspect", { token: "x" }, { authorization })).status;
  };
  assert.equal(await introspect("first"), 200);
  await rotateSecret(parts, { id: "api", secretHash: hash("second"), overlapSeconds: 3600 });
  await eventually("the change is noticed", async () => await introspect("second") === 200);
  for (let use = 0; use < 3; use++) assert.equal(await introspect("first"), 200);
  server.clock.advance({ minutes: 59 });
  assert.equal(await introspect("first"), 200);
  server.clock.advance({ minutes: 1 });
  assert.equal(await introspect("first"), 401);
  assert.equal(await introspect("second"), 200);
});
