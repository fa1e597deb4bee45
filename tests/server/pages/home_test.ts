/** The logins on the start page. */
import assert from "node:assert/strict";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

Deno.test("revokes a login of the user, and none of another user", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const tokens = await server.login(alice.id);
  const browser = await signedIn(server);
  const home = await browser.get("/");
  assert.match(home.html, /data-login="[^]*?192\.0\.2\.1/);
  const login = browser.hidden.get("login")!;

  const mallory = await signedIn(server, "mallory@example.com");
  const hers = await mallory.get("/");
  assert.match(hers.html, /id="no-logins"/);
  for (const id of [login, "x", ""]) {
    assert.equal((await mallory.submit("/logins/revoke", { login: id })).location, "/");
  }
  assert.equal((await browser.get("/")).text, home.text);

  assert.equal((await browser.submit("/logins/revoke")).location, "/");
  assert.match((await browser.get("/")).html, /id="no-logins"/);
  assert.equal((await server.refresh(tokens.refresh_token!)).body.error, "invalid_grant");
  const [event] = await server.parts.sql`select * from audit_log where event = 'login.revoked'`;
  assert.deepEqual([event.actor, event.subject], [alice.id, login]);
});
