/** Creating the first administrator in the browser. */
import assert from "node:assert/strict";
import { createSetupLink } from "../../../server/store/setup_links.ts";
import { listUsers } from "../../../server/store/users.ts";
import { databaseKinds } from "../../support/databases.ts";
import { visitor } from "../../support/page_visitor.ts";
import { testServer } from "../../support/test_server.ts";

const entered = {
  name: "Alice Example",
  email: " alice@example.com ",
  password: "a calm and long pass phrase",
  repeated_password: "a calm and long pass phrase",
};

Deno.test("creates one administrator by the setup link and signs them in", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const token = await createSetupLink(sql, server.clock);
  const browser = visitor(server);
  assert.equal((await browser.get("/")).page, "not_set_up");
  assert.equal((await browser.get("/signin")).page, "not_set_up");
  assert.equal((await browser.get(`/setup?token=${token}`)).status, 200);
  assert.equal((await listUsers(sql)).length, 0, "opening the page creates no user");
  const cookieBefore = [...browser.cookies.values()][0];
  const created = await browser.submit("/setup", entered);
  assert.deepEqual([created.status, created.location], [303, "/"]);
  assert.notEqual([...browser.cookies.values()][0], cookieBefore);
  const home = await browser.get("/");
  assert.match(home.text, /Alice Example alice@example.com · Administrator/);
  const again = await browser.get(`/setup?token=${token}`);
  assert.equal(again.status, 410);
  assert.equal(again.error, "already_set_up");
  const events = await sql<{ event: string; address: string }[]>`
    select event, address from audit_log order by event`;
  assert.deepEqual(events.map(({ event }) => event), [
    "setup.used",
    "signin.succeeded",
    "user.created",
  ]);
  assert.ok(events.every(({ address }) => address === "192.0.2.1"));
});

Deno.test("rejects an invalid setup form, keeps its values, and creates no user", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const token = await createSetupLink(server.parts.sql, server.clock);
  const mistakes: [fields: Record<string, string>, atFault: string][] = [
    [{ name: "" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "Alice\u202e" }, "name"],
    [{ email: "alice" }, "email"],
    [{ email: "a@b@c" }, "email"],
    [{ email: "a\u0001@example.com" }, "email"],
    [{ email: `${"x".repeat(255)}@example.com` }, "email"],
    [{ password: "short", repeated_password: "short" }, "password"],
    [{ repeated_password: "another one" }, "repeated_password"],
  ];
  for (const [mistake, field] of mistakes) {
    const browser = visitor(server);
    await browser.get(`/setup?token=${token}`);
    const page = await browser.submit("/setup", { ...entered, ...mistake });
    assert.equal(page.status, 422);
    assert.deepEqual(page.problems, [`invalid #${field}`]);
    assert.match(page.html, /role="alert"/);
    assert.match(page.html, /aria-invalid="true"/);
    assert.doesNotMatch(page.html, /a calm and long/, "passwords are not sent back");
    if (!("name" in mistake)) assert.match(page.html, /value="Alice Example"/);
  }
  assert.equal((await listUsers(server.parts.sql)).length, 0);
});

Deno.test("rejects an invalid or expired setup link", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const token = await createSetupLink(server.parts.sql, server.clock);
  const browser = visitor(server);
  await browser.get(`/setup?token=${token}`);
  server.clock.advance({ days: 1 });
  for (
    const page of [
      await browser.submit("/setup", entered),
      await browser.get(`/setup?token=${token}`),
      await browser.get("/setup?token=x"),
      await browser.get("/setup"),
    ]
  ) {
    assert.equal(page.status, 410);
    assert.equal(page.error, "invalid_setup_link");
  }
  assert.equal((await listUsers(server.parts.sql)).length, 0);
});
