/** Personal access tokens in the browser. */
import assert from "node:assert/strict";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { brand } from "../../../shared/brand.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import type { Shown } from "../../support/page_visitor.ts";
import { visitor } from "../../support/page_visitor.ts";
import { call, describeScopes, verify } from "../../support/pats.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";
import { seedTokens } from "../../support/seed_tokens.ts";

const DAY = 86_400;
const FORM = { name: "Nightly build", "scope:deploy": "on", expiry: String(30 * DAY) };
/** Without duplicates: buttons repeat the names for screen readers. */
function names(text: string, pattern: RegExp): string[] {
  return [...new Set(text.match(pattern))];
}

const SECRET = new RegExp(`${brand.tokenPrefixes.personalAccessToken}[0-9A-Za-z]{40,}`);

function secretOn(response: Shown): string {
  assert.equal(response.status, 200, response.text);
  return SECRET.exec(response.html)![0];
}

/** A server with Alice signed in. */
async function alicesBrowser(server: TestServer, { admin = false } = {}) {
  const alice = await addUserWithPassword(server);
  if (admin) await server.parts.sql`update users set is_admin = true where id = ${alice.id}`;
  return { alice, browser: await signedIn(server) };
}

async function onlyToken(server: TestServer) {
  const rows = await server.parts.sql`select * from personal_access_tokens`;
  assert.equal(rows.length, 1);
  return rows[0];
}

Deno.test("creates a token and shows its secret once", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  assert.match((await browser.get("/tokens")).html, /id="no-tokens"/);
  const asked = await browser.get("/tokens/new");
  assert.match(asked.html, /name="scope:deploy"/);
  assert.doesNotMatch(asked.html, /name="scope:(operate|offline_access)"/);
  assert.match(asked.html, /<option value="7776000" selected/);
  assert.doesNotMatch(asked.html, /value="never"/);

  const created = await browser.submit("/tokens/new", { ...FORM, addresses: "192.0.2.0/24" });
  const secret = secretOn(created);
  assert.equal(created.headers.get("cache-control"), "no-store");
  assert.match(created.text, /in 30 days \(\s2\d{3}-\d\d-\d\d \d\d:\d\d\sUTC\s\)/);
  assert.equal((await verify(server, secret, "?scope=deploy")).status, 200);
  const token = await onlyToken(server);
  assert.deepEqual(
    [token.name, token.scope, token.allowed_addresses],
    ["Nightly build", "deploy", ["192.0.2.0/24"]],
  );

  assert.match(
    (await browser.get(`/tokens/${token.id}`)).text,
    /in 30 days \( 2\d{3}-.*\sUTC \)/,
  );

  await server.parts.tokenValidator.lastUsed.flush();
  for (const path of ["/tokens", `/tokens/${token.id}`, `/tokens/${token.id}/rotate`]) {
    const { html } = await browser.get(path);
    assert.ok(html.includes(secret.slice(0, 12)), path);
    assert.ok(!html.includes(secret.slice(0, 20)), path);
  }
  assert.match((await browser.get("/tokens")).text, /used just now from 192.0.2.1/);
  const written = JSON.stringify(await server.parts.sql`select * from audit_log`);
  assert.ok(!written.includes(secret.slice(12)));
});

Deno.test("loads the copy script only on the page of a new token", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  const asked = await browser.get("/tokens/new");
  assert.doesNotMatch(asked.html, /copy_token/);
  const { html } = await browser.submit("/tokens/new", FORM);
  assert.match(html, /<script src="\/assets\/copy_token\.js\?v=[\w-]+" defer><\/script>/);
  assert.match(html, /<button id="copy" type="button" hidden/);
});

Deno.test("rejects an invalid token form and keeps its values", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    describeScopes(config);
    config.personalAccessTokens.maxLifetime = 100 * DAY;
  });
  const { browser } = await alicesBrowser(server);
  const mistakes: [fields: Record<string, string>, problem: string][] = [
    [{ name: "" }, "invalid #name"],
    [{ name: "W".repeat(10_000) }, "invalid #name"],
    [{ name: "Nightly\u202ebuild" }, "invalid #name"],
    [{ "scope:operate": "on" }, "forbidden #scopes"],
    [{ "scope:offline_access": "on" }, "forbidden #scopes"],
    [{ expiry: "never" }, "forbidden #expiry"],
    [{ expiry: String(101 * DAY) }, "forbidden #expiry"],
    [{ expiry: "x" }, "invalid #expiry"],
    [{ expiry: "until" }, "invalid #until"],
    [{ expiry: "until", until: "2027-13-01" }, "invalid #until"],
    [{ expiry: "until", until: "2001-01-01" }, "invalid #until"],
    [{ expiry: "until", until: "9999-12-31" }, "forbidden #until"],
    [{ addresses: "10.0.0.0/8 nowhere" }, "invalid #addresses"],
  ];
  for (const [mistake, problem] of mistakes) {
    await browser.get("/tokens/new");
    const response = await browser.submit("/tokens/new", { ...FORM, ...mistake });
    assert.equal(response.status, 422, JSON.stringify(mistake));
    assert.deepEqual(response.problems, [problem]);
    assert.match(response.html, /role="alert"/);
    assert.match(response.html, /name="scope:deploy" checked/);
    if (!("name" in mistake)) assert.match(response.html, /value="Nightly build"/);
  }
  assert.equal((await server.parts.sql`select from personal_access_tokens`).length, 0);
});

Deno.test("creates tokens that expire on a date, or never if the policy allows it", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config: ServerConfig) => {
    config.personalAccessTokens.neverExpire = true;
  });
  const { browser } = await alicesBrowser(server);
  const day = new Date(server.clock.now() + 50 * DAY * 1000).toISOString().slice(0, 10);
  for (const choice of [{ expiry: "until", until: day }, { expiry: "never", until: "" }]) {
    await browser.get("/tokens/new");
    secretOn(await browser.submit("/tokens/new", { name: choice.expiry, ...choice }));
  }
  const ends = await server.parts.sql`select name, expires_at from personal_access_tokens
    order by name desc`;
  assert.deepEqual([...ends], [
    { name: "until", expires_at: new Date(`${day}T00:00:00Z`) },
    { name: "never", expires_at: null },
  ]);
  assert.match((await browser.get("/tokens")).text, /Never expires/);
});

Deno.test("accepts the first and the last expiration date at any time of day", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config: ServerConfig) => {
    describeScopes(config);
    config.session.idleSeconds = DAY;
  });
  const { personalAccessTokens: policy } = server.parts.config;
  const { browser } = await alicesBrowser(server);
  for (const maxLifetime of [365 * DAY, DAY, DAY / 2, 60]) {
    Object.assign(policy, { maxLifetime, defaultLifetime: Math.min(maxLifetime, 30 * DAY) });
    for (const time of ["00:00:00.000", "00:00:00.500", "11:59:59.999", "12:00:00", "23:59:59"]) {
      server.clock.set(Date.parse(`2026-11-24T${time}Z`));
      const { html } = await browser.get("/tokens/new");
      const [, first, last] = / min="([^"]*)" max="([^"]*)"/.exec(html) ?? [];
      assert.equal(html.includes(`<option value="until"`), first !== undefined);
      if (maxLifetime >= DAY) assert.ok(first !== undefined);
      for (const until of new Set([first, last].filter((day) => day !== undefined))) {
        const name = `until ${until}, at ${time}, at most ${maxLifetime} s`;
        const fields = { name, "scope:deploy": "on", expiry: "until", until };
        const created = await browser.submit("/tokens/new", fields);
        assert.equal(
          created.status,
          200,
          `${until}, at ${time}, ${maxLifetime} s: ${created.text}`,
        );
        await browser.get("/tokens/new");
      }
    }
  }
});

Deno.test("keeps a rotated token valid for the overlap, and rotates it once", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  await browser.get("/tokens/new");
  const old = secretOn(await browser.submit("/tokens/new", FORM));
  const path = `/tokens/${(await onlyToken(server)).id}/rotate`;
  await browser.get(path);
  const refused = await browser.submit(path, { overlap: "99999999" });
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.problems, ["invalid #overlap"]);
  const created = await browser.submit(path, { overlap: "3600" });
  const successor = secretOn(created);
  assert.match(created.text, /Previous token Expires in 60 minutes \( 2\d{3}-.*\sUTC \)/);
  await browser.get(path);
  const again = await browser.submit(path, { overlap: "3600" });
  assert.deepEqual(again.problems, ["conflict"]);

  assert.equal((await verify(server, old)).status, 200);
  server.clock.advance({ seconds: 3600 });
  assert.equal((await verify(server, old)).status, 401);
  assert.equal((await verify(server, successor)).status, 200);
  const list = await browser.get("/tokens");
  assert.match(list.html, /data-active="true"[^]*data-active="false"/);
  assert.equal((await browser.get(path)).status, 303, "an inactive token is not rotated");
});

Deno.test("revokes a token after confirmation and keeps it in the list", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  await browser.get("/tokens/new");
  const secret = secretOn(await browser.submit("/tokens/new", FORM));
  const path = `/tokens/${(await onlyToken(server)).id}/revoke`;
  assert.equal((await browser.get(path)).page, "revoke_token");
  assert.equal((await verify(server, secret)).status, 200, "a look revokes nothing");
  assert.equal((await browser.submit(path)).location, "/tokens");
  assert.match((await verify(server, secret)).challenge!, /revoked/);
  const list = await browser.get("/tokens");
  assert.match(list.html, /id="no-tokens"[^]*data-active="false"/);
  assert.doesNotMatch(list.html, /\/revoke"/);
});

Deno.test("returns 404 for other users' tokens; administrators see and revoke but do not rotate them", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  await browser.get("/tokens/new");
  const secret = secretOn(await browser.submit("/tokens/new", FORM));
  const path = `/tokens/${(await onlyToken(server)).id}`;
  const paths = [path, `${path}/rotate`, `${path}/revoke`];

  const anonymous = visitor(server);
  for (const page of [...paths, "/tokens", "/tokens/new", "/admin/tokens", "/devices"]) {
    assert.match((await anonymous.get(page)).location!, /^\/signin\?next=/, page);
  }
  const mallory = await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const other = await signedIn(server, "mallory@example.com");
  for (const action of [...paths, "/tokens/x/revoke", "/tokens/x"]) {
    await other.get("/tokens/new");
    assert.equal((await other.get(action)).status, 404, action);
    await other.get("/tokens/new");
    if (action === path || action === "/tokens/x") continue;
    assert.equal((await other.submit(action)).status, 404, action);
  }
  assert.match((await other.get("/tokens")).html, /id="no-tokens"/);
  assert.equal((await other.get("/admin/tokens")).status, 403);
  assert.doesNotMatch((await other.get("/")).html, /\/admin\//);

  await server.parts.sql`update users set is_admin = true where id = ${mallory.id}`;
  assert.match((await other.get("/")).html, /"\/admin\/tokens"/);
  const all = await other.get("/admin/tokens");
  assert.match(all.text, /Nightly build.*alice@example.com/);
  assert.match(
    (await other.get(`/admin/tokens?owner=${mallory.id}`)).html,
    /id="no-tokens"/,
  );
  await other.get("/tokens/new");
  assert.equal((await other.submit(`${path}/rotate`)).status, 403);
  assert.equal((await verify(server, secret)).status, 200);
  await other.get(`${path}/revoke`);
  assert.equal((await other.submit(`${path}/revoke`)).location, "/admin/tokens");
  assert.equal((await verify(server, secret)).status, 401);
  assert.match((await browser.get(path)).text, /by an administrator/);
});

Deno.test("escapes untrusted names of tokens on every page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { alice, browser } = await alicesBrowser(server, { admin: true });
  const names = [
    `<script>alert(1)</script>"'><img src=x>`,
    "W".repeat(10_000),
    "\u202egpj.exe\u2066\u0007",
    "\u202e\u200b",
  ];
  const ids = await seedTokens(server, alice, names.map((name) => ({ name })));
  const paths = ids.flatMap((id) => ["", "/rotate", "/revoke"].map((end) => `/tokens/${id}${end}`));
  for (const path of ["/tokens", "/admin/tokens", ...paths]) {
    const { html, status } = await browser.get(path);
    assert.equal(status, 200, path);
    assert.doesNotMatch(html, /<script>|<img src=x|\u202e|\u2066|\u200b/, path);
    assert.ok(!html.includes("\u0007") && !html.includes("W".repeat(101)), path);
  }
  assert.match((await browser.get("/tokens")).text, /\(no name\)/);
  const search = await browser.get(`/tokens?search=${encodeURIComponent('"><script>')}`);
  assert.doesNotMatch(search.html, /<script>/);
});

Deno.test("lists tokens in pages, finds them by name, and marks those that expire soon", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { alice, browser } = await alicesBrowser(server);
  await seedTokens(server, alice, [
    ...Array.from({ length: 60 }, (_, index) => ({ name: `job-${index}-` })),
    { name: "100%_done" },
    { name: "ends-soon", expiresIn: 3 * DAY, lifetime: 30 * DAY },
    ...Array.from({ length: 7 }, (_, index) => ({ name: `gone-${index}-`, expiresIn: 1 })),
  ]);
  server.clock.advance({ seconds: 10 });
  const seen: string[] = [];
  let path: string | undefined = "/tokens";
  let pages = 0;
  while (path !== undefined) {
    const { html, text } = await browser.get(path);
    pages++;
    const living = text.split("Revoked and expired tokens")[0];
    seen.push(...names(living, /job-\d+-/g));
    if (pages > 1) assert.doesNotMatch(text, /gone-/);
    path = /href="([^"]*)" rel="next"/.exec(html)?.[1].replaceAll("&amp;", "&");
  }
  assert.equal(pages, 3);
  assert.deepEqual(seen, Array.from({ length: 60 }, (_, index) => `job-${59 - index}-`));

  const first = await browser.get("/tokens");
  assert.match(first.html, /id="expiring-tokens"/);
  assert.equal(first.text.match(/gone-\d/g)!.length, 5);
  assert.equal((await browser.get("/tokens?show=inactive")).text.match(/gone-\d/g)!.length, 7);
  assert.match((await browser.get("/")).html, /id="expiring-tokens"[^]*ends-soon/);
  const ending = await browser.get("/tokens?show=expiring");
  assert.match(ending.text, /ends-soon/);
  assert.match(ending.html, /<span class="soon">Expires <time[^>]*>in 3 days/);
  assert.doesNotMatch(ending.text, /job-|gone-/);
  const matching = await browser.get("/tokens?search=JOB-17-");
  assert.deepEqual(names(matching.text, /job-\d+-/g), ["job-17-"]);
  assert.doesNotMatch((await browser.get("/tokens?search=%25_")).text, /job-/);
  for (const odd of ["after=x", "after=AAAA", "search=%00", "show=x", "owner=x"]) {
    assert.equal((await browser.get(`/tokens?${odd}`)).status, 200, odd);
  }
});

Deno.test("marks scopes that the owner no longer has", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { alice, browser } = await alicesBrowser(server, { admin: true });
  await browser.get("/tokens/new");
  secretOn(await browser.submit("/tokens/new", { ...FORM, "scope:operate": "on" }));
  const path = `/tokens/${(await onlyToken(server)).id}`;
  assert.doesNotMatch((await browser.get(path)).html, /data-lost-scope/);
  await server.parts.sql`update users set is_admin = false where id = ${alice.id}`;
  assert.match((await browser.get(path)).html, /data-lost-scope="operate"/);
});

Deno.test("shows where a leaked token was found, as text", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  await browser.get("/tokens/new");
  const token = secretOn(await browser.submit("/tokens/new", FORM));
  const path = `/tokens/${(await onlyToken(server)).id}`;
  assert.doesNotMatch((await browser.get(path)).html, /id="leak"/);
  const url = `https://paste.example/?<script>\u202E${"x".repeat(1000)}`;
  const report = await call(server, undefined, "POST", "/api/v1/revocations", { token, url });
  assert.deepEqual(report.body, { revoked: true });
  const { html } = await browser.get(path);
  assert.match(html, /id="leak"[^]*public[^]*https:\/\/paste\.example\/\?&lt;script/);
  assert.ok(!html.includes('href="https://paste') && !html.includes("\u202E"));
});

Deno.test("requires a recent sign-in to create and rotate tokens", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    describeScopes(config);
    config.deviceFlow.freshSignInSeconds = 60;
  });
  const { browser } = await alicesBrowser(server);
  await browser.get("/tokens/new");
  secretOn(await browser.submit("/tokens/new", FORM));
  const { id } = await onlyToken(server);
  await browser.get("/tokens/new");
  server.clock.advance({ minutes: 2 });
  for (const path of ["/tokens/new", `/tokens/${id}/rotate`]) {
    assert.match((await browser.submit(path, FORM)).location!, /again=1/);
    assert.match((await browser.get(path)).location!, /again=1/);
  }
  await onlyToken(server);
});

Deno.test("rejects forged forms that would create, rotate or revoke a token", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { browser } = await alicesBrowser(server);
  await browser.get("/tokens/new");
  const secret = secretOn(await browser.submit("/tokens/new", FORM));
  const path = `/tokens/${(await onlyToken(server)).id}`;
  const posts = [
    "/tokens/new",
    `${path}/rotate`,
    `${path}/revoke`,
    "/logins/revoke-all",
    "/sessions/sign-out",
  ];
  for (const action of posts) {
    await browser.get("/tokens/new");
    assert.equal(
      (await browser.submit(action, { ...FORM, csrf_token: "forged" })).status,
      403,
      action,
    );
    const elsewhere = { "sec-fetch-site": "cross-site" };
    assert.equal((await browser.submit(action, FORM, elsewhere)).status, 403, action);
  }
  await onlyToken(server);
  assert.equal((await verify(server, secret)).status, 200);
});
