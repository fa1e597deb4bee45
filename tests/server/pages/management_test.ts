/** Approving management of tokens, and revoking the tokens of a login. */
import assert from "node:assert/strict";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import type { Visitor } from "../../support/page_visitor.ts";
import { call, verify } from "../../support/pats.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const RESOURCE = managementResource(ISSUER);
const { read: READ, write: WRITE, admin: ADMIN } = MANAGEMENT_SCOPES;

async function confirmPage(server: TestServer, browser: Visitor, scope: string, more = {}) {
  const started = await server.startLogin(scope, { resource: RESOURCE, ...more });
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code: started.user_code });
  return { started, page: await browser.get(location!) };
}

/** The id of a login, as its access tokens carry it. */
function idOf({ access_token: token }: { access_token: string }): string {
  return JSON.parse(atob(token.split(".")[1])).sid;
}

Deno.test("describes every scope of a management request, and grants only available ones", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, ({ scopes }) => {
    scopes.push({ name: "deploy", description: "Put new versions into production" });
    scopes.push({ name: "operate", description: "Operate the cluster", roles: ["admin"] });
  });
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const scope = `${WRITE} ${ADMIN} deploy operate`;
  const { started, page } = await confirmPage(server, browser, scope);
  assert.equal(page.status, 200);
  const described = (name: string) =>
    server.parts.config.scopes.find((scope) => scope.name === name)!.description;
  for (const name of scope.split(" ")) {
    assert.ok(page.text.includes(described(name).replaceAll("'", "&#39;")), name);
  }
  // Scopes that this account does not have are shown but not granted.
  assert.equal(page.html.match(/data-unavailable=/g)!.length, 2);
  const done = await browser.submit("/device/confirm", { decision: "approve" });
  assert.equal(done.status, 303);
  const { body } = await server.poll(started.device_code);
  assert.equal(body.scope, `${WRITE} deploy`);
  assert.equal(body.refresh_token, undefined);
});

Deno.test("lists the scopes that a management scope implies", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const described = (name: string) =>
    server.parts.config.scopes.find((scope) => scope.name === name)!.description
      .replaceAll("'", "&#39;");
  const admin = await addUserWithPassword(server);
  const browser = await signedIn(server);
  // Without the role nothing of it is available.
  const { page: without } = await confirmPage(server, browser, ADMIN);
  assert.equal(without.html.match(/data-unavailable=/g)!.length, 3);
  await server.parts.sql`update users set is_admin = true where id = ${admin.id}`;
  for (const more of [{}, { resource: "" }]) {
    const scope = "resource" in more ? `offline_access ${ADMIN}` : ADMIN;
    const { page } = await confirmPage(server, browser, scope, more);
    for (const name of [ADMIN, WRITE, READ]) assert.ok(page.text.includes(described(name)), name);
    assert.doesNotMatch(page.html, /data-unavailable=/);
  }
  const { page } = await confirmPage(server, browser, WRITE);
  assert.ok(page.text.includes(described(READ)));
  assert.ok(!page.text.includes(described(ADMIN)));
});

Deno.test("does not grant scopes that were not available at approval", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, ({ scopes }) => {
    scopes.push({ name: "operate", description: "Operate the cluster", roles: ["admin"] });
  });
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  const setAdministrator = (isAdmin: boolean) =>
    server.parts.sql`update users set is_admin = ${isAdmin} where id = ${alice.id}`;
  const granted = async (before: boolean, after: boolean) => {
    await setAdministrator(before);
    const scope = `${FULL_SCOPE} operate ${ADMIN}`;
    const { started } = await confirmPage(server, browser, scope, { resource: "" });
    assert.equal((await browser.submit("/device/confirm", { decision: "approve" })).status, 303);
    await setAdministrator(after);
    const { body } = await server.poll(started.device_code);
    // As an administrator, so that what the login was granted decides.
    await setAdministrator(true);
    const managing = await server.refresh(body.refresh_token, { resource: RESOURCE });
    return [body.scope, managing.body.scope ?? managing.body.error];
  };
  assert.deepEqual(await granted(true, true), [
    `${FULL_SCOPE} operate`,
    `${FULL_SCOPE} operate ${ADMIN}`,
  ]);
  assert.deepEqual(await granted(false, true), [FULL_SCOPE, "invalid_scope"]);
  assert.deepEqual(await granted(true, false), [FULL_SCOPE, "invalid_scope"]);
});

Deno.test("withdraws unredeemed approvals when all logins are revoked", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const approved = [
    await confirmPage(server, browser, FULL_SCOPE, { resource: "" }),
    await confirmPage(server, browser, WRITE),
  ];
  for (const { started } of approved) {
    await browser.get("/device");
    const { location } = await browser.submit("/device", { user_code: started.user_code });
    await browser.get(location!);
    assert.equal((await browser.submit("/device/confirm", { decision: "approve" })).status, 303);
  }
  await browser.get("/logins/revoke-all");
  assert.equal((await browser.submit("/logins/revoke-all")).status, 303);
  for (const { started } of approved) {
    assert.equal((await server.poll(started.device_code)).body.error, "access_denied");
  }
});

Deno.test("rejects approval of a login's management request by another user", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com", "Bob");
  const sid = idOf(await server.login(alice.id));
  const bob = await signedIn(server, "bob@example.com");
  const { started, page } = await confirmPage(server, bob, WRITE, { sid });
  assert.equal(page.status, 403);
  assert.ok(!page.text.includes(alice.email));
  const browser = await signedIn(server);
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code: started.user_code });
  assert.equal((await browser.get(location!)).status, 200);
  await browser.submit("/device/confirm", { decision: "approve" });
  assert.equal((await server.poll(started.device_code)).status, 200);
});

Deno.test("lists the tokens created with a login, and revokes them if selected", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const alice = await addUserWithPassword(server);
  const create = async () => {
    const login = await server.login(alice.id, `${FULL_SCOPE} ${WRITE}`);
    const managing = await server.refresh(login.refresh_token!, { resource: RESOURCE });
    const FORM = { name: `CI ${crypto.randomUUID()}`, scopes: ["openid"] };
    const created = await call(server, managing.body.access_token, "POST", "/api/v1/tokens", FORM);
    return { id: idOf(login), token: created.body };
  };
  const browser = await signedIn(server);
  const [kept, revoked] = [await create(), await create()];
  for (const { id, token } of [kept, revoked]) {
    const question = await browser.get(`/logins/revoke?login=${id}&back=/devices`);
    assert.ok(question.text.includes(token.name), question.text);
    const fields: Record<string, string> = id === revoked.id ? { tokens: "on" } : {};
    assert.equal((await browser.submit("/logins/revoke", fields)).status, 303);
  }
  assert.equal((await verify(server, kept.token.token)).status, 200);
  assert.equal((await verify(server, revoked.token.token)).status, 401);
});

Deno.test("rejects an approval by another account than the one that asks", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const alice = await addUserWithPassword(server);
  const sid = idOf(await server.login(alice.id));
  await addUserWithPassword(server, "bob@example.com");
  const bob = await signedIn(server, "bob@example.com");
  const { started, page } = await confirmPage(server, bob, WRITE, { sid });
  assert.equal(page.error, "wrong_account");
  // The page shows no form; its request is in the address that led there.
  await bob.get("/device");
  const { location } = await bob.submit("/device", { user_code: started.user_code });
  const request = new URL(location!, ISSUER).searchParams.get("request")!;
  await bob.get("/");
  const decided = await bob.submit("/device/confirm", { request, decision: "approve" });
  assert.equal(decided.error, "wrong_account");
  assert.equal((await server.poll(started.device_code)).body.error, "authorization_pending");
});
