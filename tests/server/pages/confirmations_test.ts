/** Invariant: every action that users or programs would notice requires a confirmation. */
import assert from "node:assert/strict";
import { addClient } from "../../../server/admin/client_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { pageRoutes } from "../../../server/pages/routes.ts";
import type { Notice } from "../../../server/pages/http/notice.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import { trustProxy, type Visitor } from "../../support/page_visitor.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

/** Actions with a confirmation page, the page with their button, and their fields. */
const CONFIRMED = {
  "/logins/revoke": { from: "/devices", fields: ["login"] },
  "/logins/revoke-narrow": { from: "/devices", fields: ["narrow"] },
  "/logins/revoke-all": { from: "/devices", fields: [] },
  "/sessions/sign-out": { from: "/devices", fields: ["session"] },
  "/tokens/:id/revoke": { from: "/tokens", fields: [] },
  "/admin/tokens/revoke": { from: "/admin/tokens", fields: ["owner"] },
  "/admin/trust/remove": { from: "/admin/trust", fields: ["name"] },
  "/admin/trust/disable": { from: "/admin/trust", fields: ["name"] },
  "/admin/clients/disable": { from: "/admin/clients/show?client=acme-cli", fields: ["client"] },
  "/admin/resources/remove": {
    from: "/admin/resources/show?resource=orders",
    fields: ["resource"],
  },
  "/admin/clients/remove": { from: "/admin/clients/show?client=acme-cli", fields: ["client"] },
};

Deno.test("every action has a confirmation page, except signing out and undoing", () => {
  const asked = pageRoutes.filter(({ method }) => method === "GET").map(({ path }) => path);
  const direct = pageRoutes.filter(({ method, path }) => method === "POST" && !asked.includes(path))
    .map(({ path }) => path);
  // To sign out of this browser loses nothing; the consent page asks at another address; to restore
  // is the undo of a removal. A passkey is confirmed in the browser's own dialog, a new app with its
  // first code on the next page, and a link at the provider.
  assert.deepEqual(direct, [
    "/signin/second-factor/passkey",
    "/signout",
    "/password/choose/passkey",
    "/consent",
    "/account/security/app/start",
    "/account/security/link",
    "/admin/trust/restore",
  ]);
});

Deno.test("revokes, removes and signs out only after confirmation, and shows a notice once", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    config.scopes.push({ name: "deploy", description: "Deploy" });
  });
  for (const [path, { from, fields }] of Object.entries(CONFIRMED)) {
    await t.step(path, async () => {
      const { browser, values, tokenId } = await prepare(server);
      const address = path.replace(":id", tokenId);
      const acting = Object.fromEntries(
        fields.map((field) => [field, values[field as keyof typeof values]]),
      );
      const list = await browser.get(from);
      assert.ok(!list.html.includes(`method="post" action="${address}"`), "acts by one click");
      const before = await activeState(server);
      const question = await browser.get(`${address}?${new URLSearchParams(acting)}`);
      assert.equal(question.status, 200);
      assert.ok(question.page!.match(/^(revoke|sign_out|remove|disable)_/), question.page);
      assert.ok(question.html.includes(`method="post" action="${address}"`));
      assert.equal(question.notice, undefined);
      assert.deepEqual(await activeState(server), before);

      const done = await browser.submit(address);
      assert.equal(done.status, 303);
      assert.notDeepEqual(await activeState(server), before);
      const next = await browser.get(done.location!);
      assert.match(next.notice!, /_(revoked|signed_out|removed|disabled)$/);
      assert.equal((await browser.get(done.location!)).notice, undefined, "shown twice");
      await server.parts.sql`delete from trust_rules`;
      await server.parts.sql`delete from service_accounts`;
      await server.parts.sql`delete from clients`;
      await server.parts.sql`delete from resources`;
      await server.parts.sql`delete from users`;
    });
  }
});

Deno.test("redirects from the confirmation page of something already revoked or removed", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await server.parts.sql`update users set is_admin = true where id = ${
    (await addUserWithPassword(server)).id
  }`;
  const browser = await signedIn(server);
  const id = crypto.randomUUID();
  for (
    const path of [
      `/logins/revoke?login=${id}&back=https://evil.example/`,
      "/logins/revoke?login=x",
      `/logins/revoke-narrow?narrow=${id}&back=https://evil.example/`,
      "/logins/revoke-narrow?narrow=x",
      `/logins/rename?login=${id}&back=/devices`,
      `/sessions/sign-out?session=${id}`,
      "/admin/trust/remove?name=gone",
      "/admin/trust/disable?name=gone",
      "/admin/trust/enable?name=gone",
      "/admin/trust/edit?rule=gone",
    ]
  ) {
    const response = await browser.get(path);
    assert.equal(response.status, 303, path);
    assert.match(response.location!, /^\/(devices|admin\/trust)?$/);
    assert.match((await browser.get(response.location!)).notice!, /_already_/);
  }
});

Deno.test("restores a removed trust rule within an hour, unless its name is taken", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
  });
  const { browser } = await prepare(server);
  const rules = () => server.parts.sql`select * from trust_rules`;
  const remove = async () => {
    await browser.get("/admin/trust/remove?name=ci");
    await browser.submit("/admin/trust/remove");
    assert.deepEqual([...await rules()], []);
    await browser.get("/admin/trust");
    return browser.hidden.get("event")!;
  };
  const before = [...await rules()];
  const undo = async (event: string) => {
    const { location } = await browser.submit("/admin/trust/restore", { event });
    return (await browser.get(location!)).notice!;
  };
  const event = await remove();
  assert.equal(await undo(event), "rule_restored");
  assert.deepEqual([...await rules()], before);
  assert.equal(await undo(event), "rule_not_restored");
  assert.equal((await rules()).length, 1);

  const again = await remove();
  server.clock.advance({ minutes: 61 });
  assert.equal(await undo(again), "rule_not_restored");
  for (const other of ["x", crypto.randomUUID()]) {
    assert.equal(await undo(other), "rule_not_restored");
  }
  assert.deepEqual([...await rules()], []);
});

Deno.test("shows only notices that this server signed for this browser", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const [browser, otherBrowser] = [await signedIn(server), await signedIn(server)];
  await browser.get("/devices");
  await browser.submit("/logins/revoke", { login: "x" });
  const [name, value] = [...browser.cookies].find(([name]) => name.endsWith("-notice"))!;
  assert.match(name, /^__Host-/);
  const payload = btoa(JSON.stringify({ code: "x", text: "Call 555-0100" } satisfies Notice));
  for (const forged of [value, `${payload}.${value.split(".")[1]}`, `${payload}.`, "x", "."]) {
    otherBrowser.cookies.set(name, forged);
    assert.equal((await otherBrowser.get("/devices")).notice, undefined, forged);
  }
  assert.equal((await browser.get("/devices")).notice, "login_already_revoked");
});

/** An administrator with browser of everything that can be revoked, removed or signed out. */
async function prepare(server: TestServer) {
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const { refresh_token } = await server.login(alice.id);
  await narrowToken(server, refresh_token!);
  await signedIn(server, undefined, "203.0.113.7");
  const browser: Visitor = await signedIn(server);
  await addTrustRule({ ...server.parts, actor: alice.id }, {
    name: "ci",
    provider: "generic",
    issuer: "https://ci.example.test",
    conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
    scope: "deploy",
    lifetimeSeconds: 600,
    serviceAccount: undefined,
    enabledUntil: "2099-01-31",
    force: false,
  });
  await addResource(server.parts, {
    name: "orders",
    identifier: "https://orders.example.test",
    scopes: [],
    claims: [],
  });
  await addClient(server.parts, { id: "acme-cli", name: "Acme CLI", grants: ["device"] });
  await browser.get("/tokens/new");
  await browser.submit("/tokens/new", { name: "nightly", expiry: "86400" });
  const [token] = await sql`select id from personal_access_tokens`;
  const [login] = await sql`select id from refresh_token_families`;
  const [narrow] = await sql`select id from delegated_tokens where revoked_at is null`;
  const [session] = await sql`select id from sessions order by created_at, last_seen_at`;
  const [other] = await sql`select id from sessions where address = '203.0.113.7'`;
  const values = {
    name: "ci",
    client: "acme-cli",
    resource: "orders",
    owner: alice.id,
    login: login.id,
    narrow: narrow.id,
    session: (other ?? session).id,
  };
  return { browser, values, tokenId: token.id };
}

/** Ids of everything that is still active. */
async function activeState({ parts: { sql }, clock }: TestServer) {
  const [row] = await sql`
    select
      (select json_agg(id) from personal_access_tokens where revoked_at is null) as tokens,
      (select json_agg(id) from refresh_token_families where revoked_at is null) as logins,
      (select json_agg(id) from delegated_tokens where revoked_at is null) as narrow_tokens,
      (select count(*)::int from sessions where expires_at > ${new Date(clock.now())}) as sessions,
      (select json_agg(name) from trust_rules where disabled_at is null) as rules,
      (select json_agg(id) from clients where disabled_at is null) as clients,
      (select json_agg(name) from resources) as resources`;
  return row;
}
