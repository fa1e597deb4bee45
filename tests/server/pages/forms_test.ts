/**
 * Invariant: nothing is done for a signed-in person except by our own forms in
 * their own browser, and nothing of a page is kept, framed or run.
 */
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
  "/logins/revoke",
  "/x",
];

Deno.test("a POST that is not from our own form does nothing", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const setupPath = `/setup?token=${await createSetupLink(server.parts.sql, server.clock)}`;
  const fields = { csrf_token: "forged", setup_token: "x", email: "a@example.com" };

  for (const path of POSTS) {
    await t.step(`${path}, with a forged token`, async () => {
      const browser = visitor(server);
      await browser.get(setupPath);
      const shown = await browser.submit(path, fields);
      assert.equal(shown.status, 403);
      assert.equal(shown.error, "csrf");
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
    const [one, other] = [visitor(server), visitor(server)];
    await one.get(setupPath);
    await other.get(setupPath);
    const csrf_token = one.hidden.get("csrf_token")!;
    assert.equal((await other.submit("/setup", { csrf_token })).status, 403);
    assert.equal((await one.submit("/setup", { csrf_token })).status, 422);
  });
  await t.step("without cookies", async () => {
    const browser = visitor(server);
    await browser.get(setupPath);
    browser.cookies.clear();
    assert.equal((await browser.submit("/setup")).error, "csrf");
  });
});

Deno.test("a form may come from an older browser, or by another name of this server", async () => {
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

Deno.test("forms are bounded and of one kind", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const browser = visitor(server);
  await browser.get("/");
  assert.equal((await browser.submit("/signin", { password: "x".repeat(20_000) })).status, 400);
  const multipart = { "content-type": "multipart/form-data; boundary=x" };
  assert.equal((await browser.submit("/signin", {}, multipart)).status, 400);
});

Deno.test("every page forbids to be kept, framed, sniffed or to run anything", async () => {
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
      ]
    ) {
      assert.ok(policy.includes(rule), rule);
    }
    assert.doesNotMatch(policy, /unsafe|script-src|\*/);
    assert.doesNotMatch(html, /<script|\son\w+=|\sstyle=/);
    if (html !== "") assert.match(html, /<html lang="en">/);
  }
});

Deno.test("the cookie is bound to this host, out of reach of scripts, and over https alone", async () => {
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

Deno.test("a page that fails says so, and keeps what went wrong to itself", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await server.parts.sql`alter table users rename to secret_name`;
  const shown = await visitor(server).get("/");
  assert.equal(shown.status, 503);
  assert.equal(shown.error, "internal_error");
  assert.doesNotMatch(shown.html, /users|relation|secret_name/);
  assert.equal(shown.headers.get("cache-control"), "no-store");
  assert.ok(shown.headers.has("retry-after"));
});
