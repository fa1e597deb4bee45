/**
 * What operators require of logins by device code. Invariant: the strictest rule of the client and
 * of each scope holds where the code is requested, where it is approved, and where it is redeemed.
 */
import assert from "node:assert/strict";
import {
  addClient,
  setClientDisabled,
  updateClient,
} from "../../../server/admin/client_operations.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { DEVICE_FLOW_RULES, type DeviceFlowRule } from "../../../server/scopes.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { trustProxy, type Visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

/** The server takes this address from the proxy that the tests go through. */
const TERMINAL = "203.0.113.7";
const ELSEWHERE = "198.51.100.9";

type Rules = readonly DeviceFlowRule[];

const RULE_SETS: readonly Rules[] = [[], ...DEVICE_FLOW_RULES.map((rule) => [rule])];

const nameOf = (prefix: string, rules: Rules) => [prefix, ...rules].join(".");

function catalog(config: ServerConfig): void {
  trustProxy(config);
  for (const deviceFlow of RULE_SETS) {
    config.scopes.push({ name: nameOf("scope", deviceFlow), description: "Do it", deviceFlow });
  }
}

async function addClients(server: TestServer): Promise<void> {
  for (const deviceFlow of RULE_SETS) {
    const added = await addClient(server.parts, {
      id: nameOf("client", deviceFlow),
      name: "Acme CLI",
      grants: ["device"],
      deviceFlow,
    });
    assert.ok(!(added instanceof DomainError), String(added));
  }
}

interface Started {
  device_code: string;
  user_code: string;
}

async function start(server: TestServer, client_id: string, scope: string) {
  const form = { client_id, scope: `openid ${scope}` };
  const headers = { "x-forwarded-for": TERMINAL };
  return await server.post("/oauth/device/authorize", form, headers);
}

/** What the browser gets between the code and the decision. */
async function approve(browser: Visitor, { user_code }: Started): Promise<string> {
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code });
  const page = await browser.get(location!);
  if (page.location !== null) {
    assert.equal(page.location, `/signin?next=%2Fdevice%3Fuser_code%3D${user_code}&again=1`);
    return "sign in";
  }
  if (page.status === 403) {
    assert.ok(!page.html.includes('value="approve"'), page.html);
    // The form of a page from before the rule, or a forged one.
    const forced = await browser.submit("/device/confirm", { decision: "approve" });
    assert.equal(forced.status, 403, forced.text);
    return / data-rule="([^"]*)"/.exec(page.html)![1];
  }
  const done = await browser.submit("/device/confirm", { decision: "approve" });
  return (await browser.get(done.location!)).page ?? "";
}

const poll = (server: TestServer, client_id: string, { device_code }: Started) =>
  server.post("/oauth/token", { grant_type: DEVICE_CODE_GRANT, client_id, device_code });

testOnEachDatabase("applies the rules of the client and of each scope", async (location) => {
  await using server = await testServer(location, catalog);
  await addUserWithPassword(server);
  await addClients(server);
  const browsers = {
    near: await signedIn(server, undefined, TERMINAL),
    far: await signedIn(server, undefined, ELSEWHERE),
  };
  server.clock.advance({ minutes: 6 });
  const justSignedIn = {
    near: await signedIn(server, undefined, TERMINAL),
    far: await signedIn(server, undefined, ELSEWHERE),
  };
  for (const clientRules of RULE_SETS) {
    for (const scopeRules of RULE_SETS) {
      const [client, scope] = [nameOf("client", clientRules), nameOf("scope", scopeRules)];
      const rules = [...clientRules, ...scopeRules];
      const title = `${client}, ${scope}`;
      const { status, body } = await start(server, client, scope);
      if (rules.includes("off")) {
        const error = clientRules.includes("off") ? "unauthorized_client" : "invalid_scope";
        assert.deepEqual([status, body.error], [400, error], title);
        continue;
      }
      assert.equal(status, 200, `${title}: ${JSON.stringify(body)}`);
      const needs = (rule: DeviceFlowRule) => rules.includes(rule);
      const expected: [Visitor, string][] = [
        [browsers.far, needs("same-network") ? "same-network" : "sign in"],
        [browsers.near, "sign in"],
        [justSignedIn.far, "same-network"],
        [justSignedIn.near, "approved"],
      ];
      for (const [browser, outcome] of expected) {
        if (outcome === "same-network" && !needs("same-network")) continue;
        if (outcome === "sign in" && !needs("fresh-sign-in")) continue;
        assert.equal(await approve(browser, body), outcome, title);
        if (outcome !== "approved") {
          const { body: { error } } = await poll(server, client, body);
          assert.match(error, /authorization_pending|slow_down/, title);
        }
      }
      assert.equal((await poll(server, client, body)).status, 200, title);
    }
  }
});

testOnEachDatabase("applies a rule that was added after the approval", async (location) => {
  const scopes: { name: string; description: string; deviceFlow?: Rules }[] = [];
  await using server = await testServer(location, (config) => {
    catalog(config);
    scopes.push(config.scopes.find(({ name }) => name === "scope")!);
  });
  const { parts } = server;
  await addUserWithPassword(server);
  await addClients(server);
  const far = await signedIn(server, undefined, ELSEWHERE);
  server.clock.advance({ minutes: 6 });
  for (const rule of DEVICE_FLOW_RULES) {
    const { body } = await start(server, "client", "scope");
    assert.equal(await approve(far, body), "approved");
    scopes[0].deviceFlow = [rule];
    assert.equal((await poll(server, "client", body)).body.error, "access_denied", rule);
    assert.equal((await poll(server, "client", body)).body.error, "invalid_grant", rule);
    delete scopes[0].deviceFlow;
  }
  const events = await parts.sql`
    select details from audit_log where event = 'device.restricted' order by occurred_at, seq`;
  assert.deepEqual(
    events.map(({ details }) => details.rules).sort(),
    [...DEVICE_FLOW_RULES].sort(),
  );
  assert.equal(events[0].details.requester_address, TERMINAL);
});

Deno.test("asks for a new sign-in, and approves after it", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, catalog);
  await addUserWithPassword(server);
  await addClients(server);
  const browser = await signedIn(server, undefined, ELSEWHERE);
  server.clock.advance({ minutes: 6 });
  const { body } = await start(server, "client.fresh-sign-in", "scope");
  assert.equal(await approve(browser, body), "sign in");
  // Denying needs no new sign-in: see the next test. Approving does, whatever the page showed.
  const next = `/device?user_code=${body.user_code}`;
  await browser.get(`/signin?next=${encodeURIComponent(next)}&again=1`);
  const signIn = await browser.submit("/signin", {
    email: "alice@example.com",
    password: PASSWORD,
  });
  assert.equal(signIn.location, next);
  assert.equal(await approve(browser, body), "approved");
});

Deno.test("asks for a new sign-in if the page was open for too long", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, catalog);
  await addUserWithPassword(server);
  await addClients(server);
  const browser = await signedIn(server, undefined, ELSEWHERE);
  const { body } = await start(server, "client.fresh-sign-in", "scope");
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code: body.user_code });
  assert.equal((await browser.get(location!)).page, "approve_login");
  server.clock.advance({ minutes: 6 });
  const late = await browser.submit("/device/confirm", { decision: "approve" });
  assert.match(late.location!, /^\/signin\?next=.*again=1$/);
  const denied = await browser.submit("/device/confirm", { decision: "deny" });
  assert.equal((await browser.get(denied.location!)).page, "denied");
});

Deno.test("lets the user deny what a rule prevents, and records it", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, catalog);
  const user = await addUserWithPassword(server);
  await addClients(server);
  const browser = await signedIn(server, undefined, ELSEWHERE);
  const { body } = await start(server, "client", "scope.same-network");
  assert.equal(await approve(browser, body), "same-network");
  const denied = await browser.submit("/device/confirm", { decision: "deny" });
  assert.equal((await browser.get(denied.location!)).page, "denied");
  assert.equal((await poll(server, "client", body)).body.error, "access_denied");
  const [event, ...others] = await server.parts.sql`
    select actor, address, details from audit_log where event = 'device.restricted'`;
  assert.deepEqual([event.actor, event.address, others], [user.id, ELSEWHERE, []]);
  const { client_id, rules, scope, requester_address } = event.details;
  const [{ count }] = await server.parts
    .sql`select count from audit_repeats where event = 'device.restricted'`;
  assert.deepEqual([client_id, rules, scope, requester_address, count], [
    "client",
    "same-network",
    "scope.same-network",
    TERMINAL,
    1,
  ]);
});

Deno.test("approves no login of a client that may no longer start one", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, catalog);
  await addUserWithPassword(server);
  await addClients(server);
  const browser = await signedIn(server, undefined, TERMINAL);
  const { body } = await start(server, "client", "scope");
  await updateClient(server.parts, { id: "client", changes: { grants: ["exchange"] } });
  assert.equal(await approve(browser, body), "off");
  await setClientDisabled(server.parts, { id: "client", disabled: true });
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code: body.user_code });
  const page = await browser.get(location!);
  assert.deepEqual([page.status, page.error], [403, "client_disabled"]);
});

Deno.test("ignores the rules of scopes that the user does not get", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    catalog(config);
    config.scopes.find(({ name }) => name === "scope.same-network")!.roles = ["admin"];
  });
  await addUserWithPassword(server);
  await addClients(server);
  const browser = await signedIn(server, undefined, ELSEWHERE);
  const { body } = await start(server, "client", "scope scope.same-network");
  assert.equal(await approve(browser, body), "approved");
  assert.equal((await poll(server, "client", body)).body.scope, "openid scope");
});

Deno.test("publishes the scopes that no device login can have", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, catalog);
  const metadata = await server.request("/.well-known/oauth-authorization-server");
  const { device_flow_excluded_scopes } = await metadata.json();
  assert.deepEqual(device_flow_excluded_scopes, ["scope.off"]);
});

Deno.test("rejects same-network where the addresses of clients are unknown", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const rejected = await addClient(server.parts, {
    id: "acme-cli",
    name: "Acme CLI",
    grants: ["device"],
    deviceFlow: ["same-network"],
  });
  assert.ok(rejected instanceof DomainError);
  assert.deepEqual([rejected.code, rejected.field], ["invalid", "deviceFlow"]);
});
