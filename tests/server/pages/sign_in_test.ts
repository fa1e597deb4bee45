/** Signing in and out, and limits on guessing passwords. */
import assert from "node:assert/strict";
import { cleanUp } from "../../../server/cleanup.ts";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { checkPasswordLimit } from "../../../server/security/rate_limit.ts";
import { startMailServer } from "../../support/mail_server.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { trustProxy, visitor } from "../../support/page_visitor.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

async function events(server: TestServer): Promise<string[]> {
  const rows = await server.parts.sql`select event from audit_log order by occurred_at, event`;
  return rows.map(({ event }) => event);
}

Deno.test("redirects to the requested page after sign-in, with a new cookie", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = visitor(server);
  const asked = await browser.get("/device?user_code=bcdfghjk");
  assert.deepEqual([asked.status, asked.location], [
    303,
    "/signin?next=%2Fdevice%3Fuser_code%3DBCDF-GHJK",
  ]);
  await browser.get(asked.location!);
  const before = [...browser.cookies.values()][0];
  const page = await browser.submit("/signin", { email: "ALICE@example.com", password: PASSWORD });
  assert.deepEqual([page.status, page.location], [303, "/device?user_code=BCDF-GHJK"]);
  assert.notEqual([...browser.cookies.values()][0], before, "no session fixation");
  assert.equal((await browser.get("/signin?next=/device")).location, "/device");
  const stored = JSON.stringify(await server.parts.sql`select * from sessions`);
  assert.ok(!stored.includes([...browser.cookies.values()][0]), "the cookie itself is not stored");
  assert.deepEqual(await events(server), ["signin.succeeded"]);
});

Deno.test("never redirects to another server after sign-in", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  for (
    const next of ["//evil.example", "/\\evil.example", "https://evil.example", "/.//evil.example"]
  ) {
    const browser = visitor(server);
    await browser.get(`/signin?next=${encodeURIComponent(next)}`);
    const entered = { email: "alice@example.com", password: PASSWORD };
    assert.equal((await browser.submit("/signin", entered)).location, "/");
    assert.equal((await browser.get(`/signin?next=${encodeURIComponent(next)}`)).location, "/");
    await browser.get("/signin?again=1");
    assert.equal((await browser.submit("/signin", { ...entered, next })).location, "/");
  }
});

Deno.test("responds the same to unknown and disabled users and wrong passwords", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com");
  await setUserDisabled(server.parts, { email: "bob@example.com", disabled: true });
  await server.addUser("carol@example.com");
  const attempts = [
    ["alice@example.com", "wrong"],
    ["alice@example.com", ""],
    ["nobody@example.com", PASSWORD],
    ["bob@example.com", PASSWORD],
    ["carol@example.com", PASSWORD],
    ["no address", PASSWORD],
    ["a\u0001b@example.com", PASSWORD],
    ["", ""],
  ];
  const pages = new Set<string>();
  for (const [email, password] of attempts) {
    const browser = visitor(server);
    await browser.get("/signin");
    const page = await browser.submit("/signin", { email, password });
    assert.equal(page.status, 422);
    assert.match(page.html, /role="alert"/);
    pages.add(page.text);
  }
  assert.equal(pages.size, 1, [...pages].join("\n"));
  assert.deepEqual(new Set(await events(server)), new Set(["user.disabled", "signin.failed"]));
});

Deno.test("limits parallel guesses of passwords to ten, then locks the account for 15 minutes", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  await addUserWithPassword(server);
  const guesses = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const browser = visitor(server, `198.51.100.${index}`);
    await browser.get("/signin");
    return await browser.submit("/signin", { email: "alice@example.com", password: "wrong" });
  }));
  assert.equal(guesses.filter(({ status }) => status === 422).length, 10);
  const refused = guesses.filter(({ status }) => status === 429);
  assert.equal(refused.length, 90);
  assert.equal(refused[0].headers.get("retry-after"), "900");
  assert.equal(refused[0].error, "rate_limited");
  const happened = await events(server);
  assert.equal(happened.filter((event) => event === "signin.throttled").length, 1);
  assert.equal(happened.length, 11, "refusals do not fill the audit log");

  const owner = visitor(server, "203.0.113.9");
  await owner.get("/signin");
  const right = { email: "alice@example.com", password: PASSWORD };
  assert.equal((await owner.submit("/signin", right)).status, 429);
  server.clock.advance({ minutes: 15 });
  await owner.get("/signin");
  assert.equal((await owner.submit("/signin", right)).status, 303);
});

Deno.test("invalidates the session on sign-out", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const stolen = new Map(browser.cookies);
  await browser.get("/");
  assert.equal((await browser.get("/signout")).status, 404, "never by a link");
  await browser.get("/");
  assert.equal((await browser.submit("/signout")).location, "/");
  assert.equal((await browser.get("/")).page, "welcome");
  const thief = visitor(server);
  for (const [name, value] of stolen) thief.cookies.set(name, value);
  assert.equal((await thief.get("/")).page, "welcome");
  assert.deepEqual(await events(server), ["signin.succeeded", "signout"]);
});

Deno.test("invalidates the previous session on a new sign-in", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const old = new Map(browser.cookies);
  await browser.get("/signin?again=1");
  await browser.submit("/signin", { email: "alice@example.com", password: PASSWORD });
  assert.equal((await browser.get("/")).page, "home");
  const thief = visitor(server);
  for (const [name, value] of old) thief.cookies.set(name, value);
  assert.equal((await thief.get("/")).page, "welcome");
});

Deno.test("admits a user at a known address despite failed sign-ins of others there", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com");
  const alice = await signedIn(server);
  await alice.get("/");
  await alice.submit("/signout");
  server.clock.advance({ days: 30 });
  await cleanUp(server.parts);
  const now = new Date(server.clock.now());
  for (let failure = 0; failure < 100; failure++) {
    const email = `nobody${failure}@example.com`;
    await checkPasswordLimit(sql, { email, address: "192.0.2.1", knownHere: false, now });
  }
  const bob = visitor(server);
  await bob.get("/signin");
  const page = await bob.submit("/signin", { email: "bob@example.com", password: PASSWORD });
  assert.equal(page.status, 429);
  await signedIn(server);
});

Deno.test("admits a user in a signed-in browser while the account is locked", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  const { id } = await addUserWithPassword(server);
  const alice = await signedIn(server, "alice@example.com", "203.0.113.9");
  const now = () => new Date(server.clock.now());
  const lock = async () => {
    for (let failure = 0; failure < 10; failure++) {
      for (
        const [address, knownHere] of [["198.51.100.7", false], ["203.0.113.9", true]] as const
      ) {
        const attempt = { userId: id, email: "alice@example.com", address, knownHere, now: now() };
        await checkPasswordLimit(server.parts.sql, attempt);
      }
    }
  };
  const entered = { email: "alice@example.com", password: PASSWORD };
  await lock();
  await alice.get("/signin?again=1");
  assert.equal((await alice.submit("/signin", entered)).status, 303);
  // Idle, so that there is nothing to do but to sign in.
  server.clock.advance({ hours: 10 });
  await lock();
  await alice.get("/signin");
  assert.equal((await alice.submit("/signin", entered)).status, 303);
  await alice.get("/");
  await alice.submit("/signout");
  await lock();
  await alice.get("/signin");
  assert.equal((await alice.submit("/signin", entered)).status, 429, "signing out forgets it");
});

Deno.test("does not count a sign-in that the server was too busy to check", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  await addUserWithPassword(server);
  const attempts = await Promise.all(Array.from({ length: 60 }, async (_, index) => {
    const browser = visitor(server, "198.51.100.7");
    await browser.get("/signin");
    const email = `nobody${index}@example.com`;
    return (await browser.submit("/signin", { email, password: "wrong" })).status;
  }));
  const busy = attempts.filter((status) => status === 503).length;
  assert.ok(busy > 0);
  const [{ count }] = await server.parts.sql`
    select count(*)::int as count from failed_attempts where kind = 'password_address'`;
  assert.equal(count, 60 - busy);
});

Deno.test("admits the user of a locked account by the mailed unlock link only", async () => {
  await using mail = await startMailServer();
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    config.mail = { url: `smtp://127.0.0.1:${mail.port}`, from: "Example <auth@example.test>" };
  });
  await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com");
  const signIn = async (path: string, email: string, password: string, address: string) => {
    const browser = visitor(server, address);
    await browser.get(path);
    return (await browser.submit("/signin", { email, password })).status;
  };
  const lock = async (email: string) => {
    for (let guess = 0; guess < 10; guess++) {
      await signIn("/signin", email, "wrong", "198.51.100.7");
    }
  };
  for (const email of ["nobody@example.com", "alice@example.com", "bob@example.com"]) {
    await lock(email);
  }
  const alice = "alice@example.com";
  assert.equal(await signIn("/signin", alice, PASSWORD, "203.0.113.9"), 429);
  const messages = await mail.messages(2);
  const linkTo = (email: string) =>
    /\/signin\?unlock=[\w.-]+/.exec(messages.find((text) => text.includes(`To: ${email}`))!)![0];
  const link = linkTo(alice);
  assert.equal(await signIn(linkTo("bob@example.com"), alice, PASSWORD, "203.0.113.9"), 429);
  assert.equal(await signIn(link.replace(/=\d/, "=9"), alice, PASSWORD, "203.0.113.9"), 429);
  assert.equal(await signIn(link, alice, "wrong", "203.0.113.9"), 422, "the link does not sign in");
  for (let guess = 0; guess < 9; guess++) await signIn(link, alice, "wrong", "203.0.113.9");
  assert.equal(await signIn(link, alice, PASSWORD, "203.0.113.9"), 429, "ten attempts as well");

  server.clock.advance({ hours: 11 });
  await lock(alice);
  assert.equal(await signIn("/signin", alice, PASSWORD, "203.0.113.1"), 429);
  assert.equal(await signIn(link, alice, PASSWORD, "203.0.113.1"), 303);
  server.clock.advance({ hours: 13 });
  await lock(alice);
  assert.equal(await signIn(link, alice, PASSWORD, "203.0.113.2"), 429, "it expired");
  await server.parts.mail.close();
  const all = (await mail.messages(3)).map((text) => /^To: (.*?)\r?$/m.exec(text)![1]);
  assert.deepEqual(all.sort(), [alice, alice, "bob@example.com"], "one mail in 12 hours");
});

Deno.test("mails no unlock link to a disabled user", async () => {
  await using mail = await startMailServer();
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.mail = { url: `smtp://127.0.0.1:${mail.port}`, from: "Example <auth@example.test>" };
  });
  const { sql, clock } = server.parts;
  const now = new Date(clock.now());
  const people = [
    await addUserWithPassword(server),
    await addUserWithPassword(server, "bob@example.com"),
  ];
  await setUserDisabled(server.parts, { email: "alice@example.com", disabled: true });
  for (const { id: userId, email } of people) {
    const attempt = { userId, email, address: "198.51.100.7", knownHere: false, now };
    for (let guess = 0; guess < 9; guess++) await checkPasswordLimit(sql, attempt);
    const browser = visitor(server);
    await browser.get("/signin");
    assert.equal((await browser.submit("/signin", { email, password: "wrong" })).status, 422);
  }
  await server.parts.mail.close();
  const told = (await mail.messages(1)).map((text) => /^To: (.*?)\r?$/m.exec(text)![1]);
  assert.deepEqual(told, ["bob@example.com"]);
});

Deno.test("expires a session after its absolute lifetime, even if it is used", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.session = { idleSeconds: 600, absoluteSeconds: 3600 };
  });
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  for (let used = 0; used < 3540; used += 540) {
    assert.equal((await browser.get("/devices")).status, 200, `${used} s`);
    server.clock.advance({ seconds: 540 });
  }
  assert.equal((await browser.get("/devices")).status, 303);
});

Deno.test("does not count a successful sign-in, and sets a new cookie on sign-out", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const counted = await server.parts.sql`select kind from failed_attempts`;
  assert.deepEqual([...counted], []);
  await browser.get("/");
  const before = new Map(browser.cookies);
  assert.equal((await browser.submit("/signout")).status, 303);
  const name = [...before.keys()].find((name) => name.includes("browser"))!;
  assert.notEqual(browser.cookies.get(name), before.get(name));
});
