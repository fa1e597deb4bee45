/**
 * Invariant: what was approved for a resource ends with it, and does not come back with another
 * one of the same name or identifier.
 */
import assert from "node:assert/strict";
import { addClient, showClient } from "../../../server/admin/client_operations.ts";
import {
  addResource,
  removeResource,
  updateResource,
} from "../../../server/admin/resource_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { brand } from "../../../shared/brand.ts";
import { MANAGEMENT_SCOPES } from "../../../shared/management.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { REFRESH_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { call, verify } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const IDENTIFIER = "https://orders.example.test";
const ORDERS = {
  name: "orders",
  identifier: IDENTIFIER,
  scopes: [{ name: "orders:read", description: "See your orders" }],
  claims: [],
};
const SCOPE = "openid offline_access orders:read";

async function start(server: TestServer, resources: readonly string[]) {
  const body = new URLSearchParams({ client_id: brand.cliClientId, scope: SCOPE });
  for (const resource of resources) body.append("resource", resource);
  const response = await server.request("/oauth/device/authorize", { method: "POST", body });
  return await response.json();
}

async function logIn(server: TestServer, userId: string, resources: readonly string[]) {
  const { user_code, device_code } = await start(server, resources);
  assert.equal(await server.decide(user_code, userId), true);
  return (await server.poll(device_code)).body;
}

testOnEachDatabase("ends what was approved for a resource that is removed", async (location) => {
  await using server = await testServer(location, (config) => {
    config.resources.push({
      ...ORDERS,
      name: "billing",
      identifier: "https://billing.example.test",
      scopes: [],
    });
  });
  const { parts } = server;
  const ok = <Result>(result: Result | DomainError): Result => {
    assert.ok(!(result instanceof DomainError), String(result));
    return result;
  };
  const add = async () => {
    ok(await addResource(parts, ORDERS));
    await parts.tokenValidator.reloadCatalog();
  };
  await add();
  const { id } = await addPerson(server);
  const managing = `${MANAGEMENT_SCOPES.write} orders:read`;
  const { access_token: management } = await server.approveManagement(id, managing);
  const both = await logIn(server, id, [ISSUER, IDENTIFIER]);
  const only = await logIn(server, id, [IDENTIFIER]);
  const pending = await start(server, [ISSUER, IDENTIFIER]);
  const approved = await start(server, [IDENTIFIER]);
  assert.equal(await server.decide(approved.user_code, id), true);
  const { body: forOrders } = await server.refresh(both.refresh_token, { resource: IDENTIFIER });
  const narrow = await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    client_id: brand.cliClientId,
    subject_token_type: REFRESH_TOKEN_TYPE,
    subject_token: forOrders.refresh_token,
    resource: IDENTIFIER,
  });
  assert.equal(narrow.status, 200, JSON.stringify(narrow.body));
  const pat = await call(server, management, "POST", "/api/v1/tokens", {
    name: "orders",
    scopes: ["orders:read"],
    resource: "orders",
  });
  assert.equal(pat.status, 201, JSON.stringify(pat.body));
  const secretHash = btoa(String.fromCharCode(...tokenHash("secret")));
  const api = { name: "Orders API", grants: [], secretHash };
  ok(await addClient(parts, { ...api, id: "orders-api", resources: ["orders"] }));
  const authorization = `Basic ${btoa("orders-api:secret")}`;
  const tokens = [
    only.access_token,
    forOrders.access_token,
    narrow.body.access_token,
    pat.body.token,
  ];
  const accepted = async () => {
    const states = [];
    for (const token of tokens) {
      const { body } = await server.post("/oauth/introspect", { token }, { authorization });
      const { status } = await verify(server, token, "?resource=orders");
      states.push(body.active, status === 200);
    }
    return states;
  };
  assert.deepEqual(await accepted(), tokens.flatMap(() => [true, true]));

  const removed = ok(await removeResource(parts, { name: "orders" }));
  assert.deepEqual(removed, { logins: 2, tokens: 1, clients: 1 });
  const none = tokens.flatMap(() => [false, false]).join();
  // By the notification of the database, as on every replica.
  await eventually("its tokens are rejected", async () => (await accepted()).join() === none);
  assert.deepEqual(ok(await showClient(parts, { id: "orders-api" })).resources, []);
  assert.equal((await server.refresh(only.refresh_token)).body.error, "invalid_grant");
  assert.equal((await server.poll(approved.device_code)).body.error, "access_denied");
  assert.equal((await server.poll(pending.device_code)).body.error, "access_denied");
  const { body: kept } = await server.refresh(forOrders.refresh_token);
  assert.equal(kept.scope, "openid offline_access");
  assert.equal((await verify(server, kept.access_token)).status, 200);

  await add();
  assert.equal((await accepted())[7], false, "the personal access token stays revoked");
  assert.equal((await accepted())[5], false, "the narrow token stays revoked");
  const again = await server.refresh(kept.refresh_token, { resource: IDENTIFIER });
  assert.equal(again.body.error, "invalid_target", "the login has to be approved again");
});

testOnEachDatabase("withdraws a scope that moves to another resource", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const billing = { ...ORDERS, name: "billing", identifier: "https://billing.example.test" };
  const change = async (result: Promise<unknown>) => {
    const changed = await result;
    assert.ok(!(changed instanceof DomainError), String(changed));
    await parts.tokenValidator.reloadCatalog();
  };
  await change(addResource(parts, ORDERS));
  await change(addResource(parts, { ...billing, scopes: [] }));
  const { id } = await addPerson(server);
  const both = [ISSUER, IDENTIFIER, billing.identifier];
  const login = await logIn(server, id, both);
  const approved = await start(server, both);
  assert.equal(await server.decide(approved.user_code, id), true);
  const pending = await start(server, both);

  await change(updateResource(parts, { name: "orders", changes: { scopes: [] } }));
  await change(updateResource(parts, { name: "billing", changes: { scopes: ORDERS.scopes } }));
  const scopeAtBilling = async (refreshToken: string) => {
    const { body } = await server.refresh(refreshToken, { resource: billing.identifier });
    return body.scope;
  };
  assert.equal(await scopeAtBilling(login.refresh_token), "");
  const redeemed = await server.poll(approved.device_code);
  assert.equal(await scopeAtBilling(redeemed.body.refresh_token), "");
  assert.equal(await server.decide(pending.user_code, id), true);
  const later = await server.poll(pending.device_code);
  assert.equal(await scopeAtBilling(later.body.refresh_token), "");
  const again = await logIn(server, id, both);
  assert.equal(await scopeAtBilling(again.refresh_token), "orders:read");
});

testOnEachDatabase(
  "keeps the resources of the config file and every identifier",
  async (location) => {
    const billing = { ...ORDERS, name: "billing", identifier: "https://billing.example.test" };
    await using server = await testServer(location, (config) => config.resources.push(billing));
    const refused = async (result: Promise<unknown>) => {
      const error = await result;
      assert.ok(error instanceof DomainError);
      return `${error.code} ${error.field}`;
    };
    const { parts } = server;
    const change = { name: "billing", changes: { title: "Billing" } };
    assert.equal(await refused(updateResource(parts, change)), "invalid name");
    assert.equal(await refused(removeResource(parts, { name: "billing" })), "invalid name");
    assert.equal(await refused(addResource(parts, ORDERS)), "invalid scopes");
    // Behind a proxy that is not trusted, the rule would prevent nothing.
    const read = { name: "read", description: "Read", deviceFlow: ["same-network"] as const };
    const config = { ...parts.config, issuer: ISSUER, trustedProxies: [] };
    const restricted = { ...ORDERS, scopes: [read] };
    assert.equal(await refused(addResource({ ...parts, config }, restricted)), "invalid scopes");
    const orders = { ...ORDERS, scopes: [] };
    assert.ok(!(await addResource(parts, orders) instanceof DomainError));
    const moved = { name: "orders", changes: { identifier: "https://evil.example.test" } };
    assert.equal(await refused(updateResource(parts, moved)), "invalid identifier");
    const [row] = await parts.sql`select identifier from resources`;
    assert.equal(row.identifier, IDENTIFIER);
  },
);
