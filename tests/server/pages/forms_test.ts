/** Invariant: only our own forms in the user's browser cause actions (CSRF, clickjacking, XSS). */
import assert from "node:assert/strict";
import { brand } from "../../../shared/brand.ts";
import { createSetupLink } from "../../../server/store/setup_links.ts";
import { databaseKinds } from "../../support/databases.ts";
import { visitor } from "../../support/page_visitor.ts";
import { testServer } from "../../support/test_server.ts";

const POSTS = [
  "/setup",
  "/signin",
  "/signout",
  "/device",
  "/device/confirm",
  "/logins/rename",
  "/logins/revoke",
  "/logins/revoke-narrow",
  "/x",
];

Deno.test("rejects a POST without a valid CSRF token or from another origin", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const setupPath = `/setup?token=${await createSetupLink(server.parts.sql, server.clock)}`;
  const fields = { csrf_token: "forged", setup_token: "x", email: "a@example.com" };

  for (const path of POSTS) {
    await t.step(`${path}, with a forged token`, async () => {
      const browser = visitor(server);
      await browser.get(setupPath);
      const page = await browser.submit(path, fields);
      assert.equal(page.status, 403);
      assert.equal(page.error, "csrf");
    });
  }
  const refusals: [string, Record<string, string>][] = [
    ["from another site", { "sec-fetch-site": "cross-site" }],
    ["from another host of this site", { "sec-fetch-site": "same-site" }],
    ["with another origin", { origin: "https://evil.example" }],
    ["with an origin that hides", { origin: "null" }],
  ];
  for (const [name, headers] of refusals) {
    await t.step(name, async () => {
      const browser = visitor(server);
      await browser.get(setupPath);
      assert.equal((await browser.submit("/setup", {}, headers)).status, 403);
    });
  }
  await t.step("with the token of another browser", async () => {
    const [browser, otherBrowser] = [visitor(server), visitor(server)];
    await browser.get(setupPath);
    await otherBrowser.get(setupPath);
    const csrf_token = browser.hidden.get("csrf_token")!;
    assert.equal((await otherBrowser.submit("/setup", { csrf_token })).status, 403);
    assert.equal((await browser.submit("/setup", { csrf_token })).status, 422);
  });
  await t.step("without cookies", async () => {
    const browser = visitor(server);
    await browser.get(setupPath);
    browser.cookies.clear();
    assert.equal((await browser.submit("/setup")).error, "csrf");
  });
});

Deno.test("accepts forms from browsers without Fetch Metadata, and from another name of this server", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const setupPath = `/setup?token=${await createSetupLink(server.parts.sql, server.clock)}`;
  const accepted: Record<string, string>[] = [
    { "sec-fetch-site": "" },
    { "sec-fetch-site": "", origin: "" },
    { "sec-fetch-site": "same-origin", origin: "https://localhost:8", host: "localhost:8" },
  ];
  for (const headers of accepted) {
    const browser = visitor(server);
    await browser.get(setupPath);
    assert.equal((await browser.submit("/setup", {}, headers)).status, 422);
  }
});

Deno.test("rejects forms that are too large or not form-encoded", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const browser = visitor(server);
  await browser.get("/");
  assert.equal((await browser.submit("/signin", { password: "x".repeat(20_000) })).status, 400);
  const multipart = { "content-type": "multipart/form-data; boundary=x" };
  assert.equal((await browser.submit("/signin", {}, multipart)).status, 400);
});

Deno.test("sends headers against caching, framing, sniffing and scripts with every page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const browser = visitor(server);
  for (const path of ["/", "/signin", "/setup", "/device", "/device/confirm", "/nothing", "/a/b"]) {
    const { headers, html } = await browser.get(path);
    assert.equal(headers.get("cache-control"), "no-store", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "same-origin");
    assert.ok(headers.has("permissions-policy"));
    const policy = headers.get("content-security-policy")!;
    for (
      const rule of [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "script-src 'self';",
        "style-src 'self';",
      ]
    ) {
      assert.ok(policy.includes(rule), rule);
    }
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.doesNotMatch(html, /<script(?! src="\/assets\/)|<style|\son\w+=|\sstyle=/);
    if (html !== "") assert.match(html, /<html lang="en">/);
  }
});

Deno.test("sets the session cookie with __Host-, HttpOnly, Secure and SameSite", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const path = `/setup?token=${await createSetupLink(server.parts.sql, server.clock)}`;
  const [cookie] = (await visitor(server).get(path)).headers.getSetCookie();
  assert.match(cookie, new RegExp(`^__Host-${brand.folderName}-browser=[\\w-]{43};`));
  for (const attribute of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]) {
    assert.ok(cookie.includes(attribute), attribute);
  }
  assert.doesNotMatch(cookie, /Domain|Max-Age|Expires/);
});

Deno.test("returns 503 without details if the database fails", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await server.parts.sql`alter table users rename to secret_name`;
  const page = await visitor(server).get("/");
  assert.equal(page.status, 503);
  assert.equal(page.error, "internal_error");
  assert.doesNotMatch(page.html, /users|relation|secret_name/);
  assert.equal(page.headers.get("cache-control"), "no-store");
  assert.ok(page.headers.has("retry-after"));
});
