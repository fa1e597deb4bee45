/** The page of a user's logins and browsers. */
import assert from "node:assert/strict";
import { databaseKinds } from "../../support/databases.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import { verify } from "../../support/pats.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { trustProxy } from "../../support/page_visitor.ts";
import { testServer } from "../../support/test_server.ts";

Deno.test("revokes one login and signs out one browser, then all others, only of the same user", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const logins = [];
  for (let i = 0; i < 7; i++) logins.push(await server.login(alice.id));
  const browser = await signedIn(server, undefined, "203.0.113.1");
  const second = await signedIn(server, undefined, "203.0.113.2");
  const third = await signedIn(server, undefined, "203.0.113.3");
  const mallory = await signedIn(server, "mallory@example.com", "203.0.113.4");

  const response = await browser.get("/devices");
  assert.match(response.html, /data-current="true"[^]*?203\.0\.113\.1/);
  assert.equal(response.html.match(/action="\/logins\/revoke"/g)!.length, 7);
  assert.equal((await browser.get("/")).html.match(/action="\/logins\/revoke"/g)!.length, 5);
  const login = /name="login" value="([^"]*)"/.exec(response.html)![1];
  const session =
    new RegExp(`203.0.113.2[^]*?name="session" value="([^"]*)"`).exec(response.html)![1];

  assert.doesNotMatch((await mallory.get("/devices")).text, /203.0.113.[123]/);
  await mallory.get("/device");
  for (const id of [session, "x"]) {
    assert.equal(
      (await mallory.submit("/sessions/sign-out", { session: id })).location,
      "/devices",
    );
    assert.equal((await mallory.submit("/logins/revoke", { login: id })).status, 303);
  }
  await mallory.submit("/logins/revoke", { login });
  await mallory.submit("/logins/revoke-all");
  assert.equal((await second.get("/devices")).status, 200);
  assert.equal((await browser.get("/devices")).text, response.text);

  const ended = await browser.submit("/logins/revoke", { login, back: "/devices" });
  assert.equal(ended.location, "/devices");
  await browser.get("/devices");
  const away = await browser.submit("/logins/revoke", { login, back: "https://evil.example/" });
  assert.equal(away.location, "/");
  await browser.get("/devices");
  await browser.submit("/sessions/sign-out", { session });
  assert.equal((await second.get("/devices")).status, 303);
  const fewer = await browser.get("/devices");
  assert.equal(fewer.html.match(/action="\/logins\/revoke"/g)!.length, 6);
  assert.doesNotMatch(fewer.text, /203.0.113.2/);

  assert.equal((await browser.submit("/logins/revoke-all")).location, "/devices");
  const left = await browser.get("/devices");
  assert.match(left.html, /id="no-logins"[^]*data-current="true"[^]*?203\.0\.113\.1/);
  assert.doesNotMatch(left.html, /id="revoke-all"/);
  assert.equal((await third.get("/devices")).status, 303);
  for (const { access_token, refresh_token } of logins) {
    assert.equal((await server.refresh(refresh_token!)).body.error, "invalid_grant");
    const headers = { authorization: `Bearer ${access_token}` };
    const userinfo = await server.request("/oauth/userinfo", { headers });
    assert.equal(userinfo.status, 401);
    await userinfo.body?.cancel();
  }
  const [event] = await server.parts.sql`
    select * from audit_log where event = 'logins.all_revoked' and actor = ${alice.id}`;
  assert.equal(event.details.logins, 6);
});

Deno.test("renames a login of the same user only, and sends the name with the next token", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const name = "alice-laptop\t\u202e(Linux)";
  const tokens = await server.login(alice.id, undefined, { login_name: name });
  assert.equal(tokens.login_name, "alice-laptop (Linux)");
  const [{ id }] = await server.parts.sql`select id from refresh_token_families`;
  const rename = { login: id, name: "Work", back: "/devices" };

  const mallory = await signedIn(server, "mallory@example.com");
  await mallory.get("/device");
  assert.equal((await mallory.submit("/logins/rename", rename)).status, 303);
  assert.equal((await mallory.get("/devices")).notice, "login_already_revoked");
  const browser = await signedIn(server);
  await browser.get(`/logins/rename?login=${id}&back=https://evil.example/`);
  assert.equal((await browser.submit("/logins/rename", { name: "Work" })).location, "/");
  await browser.get(`/logins/rename?login=${id}&back=/devices`);
  const saved = await browser.submit("/logins/rename", { name: " Work\tlaptop " });
  assert.equal(saved.location, "/devices");
  assert.equal((await browser.get("/devices")).notice, "login_renamed");
  const renewed = await server.refresh(tokens.refresh_token!);
  assert.equal(renewed.body.login_name, "Work laptop");
});

Deno.test("shortens the name that a terminal sends, and ignores one that shows nothing", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const alice = await addUserWithPassword(server);
  const long = await server.login(alice.id, undefined, { login_name: "x".repeat(8000) });
  assert.equal(long.login_name, `${"x".repeat(79)}…`);
  const invisible = await server.login(alice.id, undefined, { login_name: "\u200b\u3164" });
  assert.equal(invisible.login_name, undefined);
});

Deno.test("lists narrow tokens below their login, and revokes one of the same user only", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const { refresh_token } = await server.login(alice.id);
  const narrow = (actor_name: string, lifetime = 3600) =>
    narrowToken(server, refresh_token!, {
      actor_name,
      scope: "openid",
      requested_lifetime: String(lifetime),
    });
  const [agent, other] = [await narrow("Claude Code"), await narrow("report.sh")];
  await narrow("short", 60);
  const tool = await narrowToken(server, agent, {
    actor_name: "tool",
    requested_lifetime: "3600",
  });
  server.clock.advance({ minutes: 20 });
  const browser = await signedIn(server);
  const narrowTokenIds = ({ html }: { html: string }) =>
    [...html.matchAll(/data-narrow-token="([^"]*)"/g)].map(([, id]) => id);
  const list = await browser.get("/devices");
  assert.match(list.text, /Claude Code · openid · expires in 40 minutes/);
  assert.equal(narrowTokenIds(list).length, 3);
  const idOf = async (actor: string) =>
    (await server.parts.sql`select id from delegated_tokens where actor_name = ${actor}`)[0].id;
  const id = await idOf("Claude Code");
  const path = `/logins/revoke-narrow?narrow=${id}&back=/devices`;

  const mallory = await signedIn(server, "mallory@example.com");
  assert.equal((await mallory.get(path)).status, 303);
  await mallory.get("/device");
  await mallory.submit("/logins/revoke-narrow", { narrow: id, back: "/devices" });
  assert.equal((await mallory.get("/devices")).notice, "narrow_token_already_revoked");
  assert.equal((await verify(server, agent)).status, 200);

  const question = await browser.get(path);
  assert.equal(question.page, "revoke_narrow_token");
  const done = await browser.submit("/logins/revoke-narrow");
  assert.equal(done.location, "/devices");
  const after = await browser.get("/devices");
  assert.equal(after.notice, "narrow_token_revoked");
  assert.deepEqual(narrowTokenIds(after), [await idOf("report.sh")]);
  // With what it was exchanged for; the other one and the login stay.
  for (const token of [agent, tool]) assert.equal((await verify(server, token)).status, 401);
  assert.equal((await verify(server, other)).status, 200);
  assert.equal((await server.refresh(refresh_token!)).status, 200);
  assert.equal((await browser.get(path)).status, 303);
});
