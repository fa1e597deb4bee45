/** The text of the pages of personal access tokens. */
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { trustProxy } from "../../../support/page_visitor.ts";
import { describeScopes } from "../../../support/pats.ts";
import { seedTokens } from "../../../support/seed_tokens.ts";
import { type TestServer, testServer } from "../../../support/test_server.ts";

const DAY = 86_400;
const FORM = { name: "Nightly build", "scope:deploy": "on", expiry: String(30 * DAY) };

async function idOf({ parts: { sql } }: TestServer, name: string): Promise<string> {
  const [row] = await sql`
    select id from personal_access_tokens where name = ${name} order by created_at desc limit 1`;
  return row.id;
}

Deno.test("the text of the pages of a user's tokens", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    describeScopes(config);
  });
  const { sql, config } = server.parts;
  const golden = pageGolden();
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  await golden.record("tokens", "no tokens", browser.get("/tokens"));
  await golden.record("create_token", "empty form", browser.get("/tokens/new"));
  const mistakes: [state: string, fields: Record<string, string>][] = [
    ["no name", { name: "" }],
    ["scope that the user does not have", { "scope:operate": "on" }],
    ["never expires, which the policy forbids", { expiry: "never" }],
    ["expires too late", { expiry: String(1000 * DAY) }],
    ["lifetime that is not a number", { expiry: "x" }],
    ["no day chosen", { expiry: "until", until: "" }],
    ["day in the past", { expiry: "until", until: "2020-01-31" }],
    ["day too late", { expiry: "until", until: "9999-01-31" }],
    ["invalid address", { addresses: "nowhere" }],
    ["too many addresses", { addresses: "10.0.0.1 ".repeat(51) }],
    ["form out of date", { idempotency_key: "" }],
  ];
  for (const [state, fields] of mistakes) {
    await browser.get("/tokens/new");
    const sent = browser.submit("/tokens/new", { ...FORM, ...fields });
    await golden.recordProblems("create_token", state, sent);
  }
  await browser.get("/tokens/new");
  const form = { ...FORM, addresses: "192.0.2.0/24", ...Object.fromEntries(browser.hidden) };
  await golden.record("token_created", "created", browser.submit("/tokens/new", form));
  await golden.record("token_created", "form sent twice", browser.submit("/tokens/new", form));
  const maxPerOwner = config.personalAccessTokens.maxPerOwner;
  config.personalAccessTokens.maxPerOwner = 1;
  await browser.get("/tokens/new");
  await golden.recordProblems("create_token", "quota reached", browser.submit("/tokens/new", FORM));
  config.personalAccessTokens.maxPerOwner = maxPerOwner;
  config.personalAccessTokens.neverExpire = true;
  await golden.record("create_token", "may never expire", browser.get("/tokens/new"));

  const path = `/tokens/${await idOf(server, FORM.name)}`;
  await golden.record("token", "never used", browser.get(path));
  await golden.record("edit_token", "form", browser.get(`${path}/edit`));
  const kept = { name: FORM.name, "scope:deploy": "on", addresses: "192.0.2.0/24" };
  // Lists are ordered by the time of creation.
  server.clock.advance({ seconds: 20 });
  await browser.get("/tokens/new");
  await browser.submit("/tokens/new", { ...FORM, name: "Deploys" });
  for (
    const [state, fields] of [
      ["no name", { name: "" }],
      ["name of another token", { name: "deploys" }],
      ["description too long", { description: "x".repeat(301) }],
      ["invalid address", { addresses: "nowhere" }],
    ] as [string, Record<string, string>][]
  ) {
    await browser.get(`${path}/edit`);
    const sent = browser.submit(`${path}/edit`, { ...kept, ...fields });
    await golden.recordProblems("edit_token", state, sent);
  }
  await browser.get(`${path}/edit`);
  await browser.submit(`${path}/edit`, { ...kept, description: "Builds main at night" });
  await golden.record("token", "edited", browser.get(path));
  await sql`update personal_access_tokens set revoked_at = created_at where name = 'Deploys'`;
  await golden.record("rotate_token", "empty form", browser.get(`${path}/rotate`));
  for (
    const [state, fields] of [
      ["overlap too long", { overlap: "99999999" }],
      ["lifetime of zero", { expiry: "0" }],
      ["form out of date", { idempotency_key: "" }],
    ] as [string, Record<string, string>][]
  ) {
    await browser.get(`${path}/rotate`);
    await golden.recordProblems("rotate_token", state, browser.submit(`${path}/rotate`, fields));
  }
  server.clock.advance({ seconds: 20 });
  await browser.get(`${path}/rotate`);
  const rotation = { overlap: "3600", ...Object.fromEntries(browser.hidden) };
  await golden.record("token_created", "rotated", browser.submit(`${path}/rotate`, rotation));
  await golden.record(
    "token_created",
    "rotation sent twice",
    browser.submit(`${path}/rotate`, rotation),
  );
  await browser.get(`${path}/rotate`);
  await golden.recordProblems(
    "rotate_token",
    "rotated already",
    browser.submit(`${path}/rotate`, { overlap: "0" }),
  );
  const successor = `/tokens/${await idOf(server, FORM.name)}`;
  server.clock.advance({ seconds: 20 });
  await browser.get(`${successor}/rotate`);
  await golden.record(
    "token_created",
    "rotated without overlap",
    browser.submit(`${successor}/rotate`, { overlap: "0" }),
  );
  await golden.record("token", "replaced", browser.get(successor));

  server.clock.advance({ minutes: 2 });
  await seedTokens(server, alice, [
    { name: "Release", expiresIn: 3 * DAY, lifetime: 30 * DAY },
    { name: "Deploy service" },
    { name: "" },
  ]);
  await sql`
    update personal_access_tokens set last_used_at = ${new Date(server.clock.now() - 60_000)},
      last_used_address = '192.0.2.8', last_used_agent = 'curl/8.5.0'
    where name = 'Deploy service'`;
  await sql`update personal_access_tokens set scope = '' where name = 'Release'`;
  const release = `/tokens/${await idOf(server, "Release")}`;
  const deploy = `/tokens/${await idOf(server, "Deploy service")}`;
  await golden.record("token", "expires soon, without scopes", browser.get(release));
  await golden.record("token", "used, never expires", browser.get(deploy));
  await sql`
    update personal_access_tokens set leaked_at = ${new Date(server.clock.now() - 86_400_000)},
      leak_reporter = 'github', leak_place = 'https://github.com/acme/api/blob/main/.env',
      token_prefix = 'bst_', scope = 'operate' where name = 'Deploy service'`;
  await golden.record("token", "leaked, imported, scope lost", browser.get(deploy));
  await golden.record("revoke_token", "confirmation", browser.get(`${deploy}/revoke`));
  const revoked = await browser.submit(`${deploy}/revoke`);
  await golden.record("tokens", "just revoked one", browser.get(revoked.location!));
  await golden.record("token", "revoked", browser.get(deploy));
  await browser.get("/tokens/new");
  await browser.submit(`${deploy}/revoke`);
  await golden.record("tokens", "revoked already", browser.get(revoked.location!));
  server.clock.advance({ hours: 2 });
  await golden.record("tokens", "with rows", browser.get("/tokens"));
  await golden.record("tokens", "expiring", browser.get("/tokens?show=expiring"));
  await golden.record("tokens", "revoked and expired", browser.get("/tokens?show=inactive"));
  await golden.record("tokens", "search without results", browser.get("/tokens?search=nothing"));
  await seedTokens(server, alice, Array.from({ length: 60 }, (_, n) => ({ name: `job-${n}` })));
  const second =
    /href="([^"]*)" rel="next"/.exec((await browser.get("/tokens?search=job-")).html)![1];
  const response = await browser.get(second.replaceAll("&amp;", "&"));
  const [links] = /<nav class="pages"[^]*?<\/nav>/.exec(response.html)!;
  await golden.record("tokens_pagination", "second page, links only", {
    ...response,
    html: links.replace(/after=[\w-]+|before=[\w-]+/g, "CURSOR"),
  });
  await golden.assert();
});

Deno.test("the text of the token pages for administrators", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    describeScopes(config);
  });
  const { sql } = server.parts;
  const golden = pageGolden();
  const alice = await addUserWithPassword(server);
  const root = await addUserWithPassword(server, "root@example.com", "Root");
  await sql`update users set is_admin = true where id = ${root.id}`;
  await seedTokens(server, alice, [
    { name: "job-3" },
    { name: "old", expiresIn: 1 },
  ]);
  server.clock.advance({ seconds: 30 });
  const admin = await signedIn(server, "root@example.com");
  const user = await signedIn(server);
  await golden.record("admin_tokens", "all owners", admin.get("/admin/tokens"));
  const list = `/admin/tokens?owner=${alice.id}`;
  await golden.record("admin_tokens", "one owner", admin.get(list));
  const path = `/tokens/${await idOf(server, "job-3")}`;
  await golden.record(
    "token_as_administrator",
    "of another user, as administrator",
    admin.get(path),
  );
  await golden.record(
    "rotate_token_as_administrator",
    "of another user",
    admin.get(`${path}/rotate`),
  );
  await golden.record(
    "revoke_token_as_administrator",
    "of another user",
    admin.get(`${path}/revoke`),
  );
  const jobs = Array.from({ length: 10 }, (_, index) => ({ name: `service-${index}` }));
  await seedTokens(server, alice, jobs);
  const question = `/admin/tokens/revoke?owner=${alice.id}`;
  await golden.record("revoke_all_tokens", "confirmation", admin.get(question));
  const done = await admin.submit("/admin/tokens/revoke");
  await golden.record("admin_tokens", "just revoked all of one owner", admin.get(done.location!));
  await golden.record(
    "revoke_all_tokens",
    "unknown owner",
    admin.get("/admin/tokens/revoke?owner=x"),
  );
  await golden.record("revoke_all_tokens", "as a user", user.get(question));
  await golden.record("token_as_administrator", "not found", user.get("/tokens/x"));
  await golden.assert();
});
