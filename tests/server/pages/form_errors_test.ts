/** Invariant: every rejected form lists its problems at its top, which has the focus. */
import assert from "node:assert/strict";
import { addClient } from "../../../server/admin/client_operations.ts";
import { addDirectory } from "../../../server/admin/directory_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { pageRoutes } from "../../../server/pages/routes.ts";
import { createPasswordLink } from "../../../server/passwords/password_link.ts";
import { createSetupLink } from "../../../server/store/setup_links.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { type Shown, visitor } from "../../support/page_visitor.ts";
import { testServer } from "../../support/test_server.ts";

/** The steps of a trust rule. */
const WORKLOAD = {
  step: "workload",
  provider: "github",
  subject: "acme/api",
  repository_id: "74",
  branch: "main",
};
const PERMISSIONS = { ...WORKLOAD, step: "permissions", scopes: "1", "scope:deploy": "on" };
const TEST = { ...WORKLOAD, step: "test", scope: "deploy", name: "new" };
const GENERIC = {
  ...WORKLOAD,
  provider: "generic",
  issuer: "https://ci.example.test",
  repository_id: "",
  branch: "",
};

/** A program that logs in by device codes. */
const CLIENT = {
  type: "public",
  name: "Acme",
  "grant:device": "on",
  scope_limit: "all",
  resource_limit: "all",
};

/** Invalid values by form, each with the fields that its problems link to. */
const MISTAKES: Record<string, [fields: Record<string, string>, atFault: string[]][]> = {
  "/setup": [
    [{ name: "" }, ["name", "email", "password"]],
    [
      {
        name: "A",
        email: "alice@example.com",
        password: "long enough for it",
        repeated_password: "x",
      },
      ["repeated_password"],
    ],
  ],
  "/signin": [[{ email: "nobody@example.com", password: "wrong" }, ["email"]]],
  "/device": [[{ user_code: "WRNG" }, ["user_code"]], [{ user_code: "BCDF-GHJK" }, ["user_code"]]],
  "/account/password": [
    [{ current_password: PASSWORD, password: "" }, ["password"]],
    [{ current_password: PASSWORD, password: PASSWORD, repeated_password: "x" }, [
      "repeated_password",
    ]],
    [{ current_password: "x", password: `${PASSWORD}s`, repeated_password: `${PASSWORD}s` }, [
      "current_password",
    ]],
  ],
  "/password/choose": [[{ password: PASSWORD, repeated_password: "x" }, ["repeated_password"]]],
  "/password/forgot": [[{ email: "alice" }, ["email"]]],
  "/logins/rename": [
    [{ name: "" }, ["name"]],
    [{ name: "\u200b \u3164" }, ["name"]],
    [{ name: "x".repeat(81) }, ["name"]],
  ],
  "/tokens/new": [
    [{ name: "" }, ["name"]],
    [{ name: "ci", expiry: "until", until: "" }, ["until"]],
    [{ name: "ci", expiry: "until", until: "2020-01-31" }, ["until"]],
    [{ name: "ci", expiry: "until", until: "9999-01-31" }, ["until"]],
    [{ name: "ci", expiry: "99999999999" }, ["expiry"]],
    [{ name: "ci", expiry: "never" }, ["expiry"]],
    [{ name: "ci", addresses: "nowhere" }, ["addresses"]],
    [{ name: "ci", idempotency_key: "" }, []],
  ],
  "/tokens/:id/edit": [[{ name: "" }, ["name"]]],
  "/tokens/:id/rotate": [
    [{ overlap: "-1" }, ["overlap"]],
    [{ expiry: "until", until: "x" }, ["until"]],
    [{ expiry: "0" }, ["expiry"]],
  ],
  "/admin/directories/add": [
    [{ name: "" }, ["name"]],
    [{ name: "okta" }, ["name"]],
    [{ name: "entra", domains: "localhost" }, ["domains"]],
  ],
  "/admin/directories/edit": [[{ domains: "localhost" }, ["domains"]]],
  "/admin/directories/rotate": [[{ overlap: "-1" }, ["overlap"]]],
  "/admin/clients/add": [
    [{ ...CLIENT, name: "" }, ["name"]],
    [{ ...CLIENT, homepage: "http://acme.example" }, ["homepage"]],
    [{ ...CLIENT, id: "Acme" }, ["id"]],
    [{ ...CLIENT, id: "acme" }, ["id"]],
    [{ ...CLIENT, "grant:code": "on" }, ["redirectUris"]],
    [{ ...CLIENT, "grant:code": "on", redirectUris: "http://acme.example/" }, ["redirectUris"]],
    [{ ...CLIENT, accessTokenLifetime: "soon" }, ["accessTokenLifetime"]],
    [{ ...CLIENT, refreshTokenIdleLifetime: "1s" }, ["refreshTokenIdleLifetime"]],
  ],
  "/admin/clients/edit": [[{ ...CLIENT, name: "" }, ["name"]]],
  "/admin/resources/add": [
    [{ name: "Orders", identifier: "https://other.example" }, ["name"]],
    [{ name: "other", identifier: "http://other.example" }, ["identifier"]],
    [{ name: "orders", identifier: "https://other.example" }, ["name"]],
  ],
  "/admin/resources/edit": [[{ accessTokenLifetime: "soon" }, ["accessTokenLifetime"]]],
  "/account/name": [[{ name: "" }, ["name"]]],
  "/account/email": [
    [{ email: "alice" }, ["email"]],
    [{ email: "alice@example.com" }, ["email"]],
  ],
  "/admin/people/address-link": [
    [{ email: "alice" }, ["email"]],
  ],
  "/admin/people/invite": [
    [{ email: "dora" }, ["email"]],
    [{ email: "ALICE@example.com" }, ["email"]],
    [{ email: "dora@example.com", name: "\u3164" }, ["name"]],
  ],
  "/admin/people/edit": [
    [{ email: "alice@example.com", name: "" }, ["name"]],
    [{ email: "alice", name: "Alice" }, ["email"]],
  ],
  "/admin/trust/add": [
    [{ step: "provider", provider: "nobody" }, []],
    [{ ...WORKLOAD, subject: "acme" }, ["subject"]],
    [{ ...WORKLOAD, repository_id: "x" }, ["repository_id"]],
    [{ ...GENERIC, provider: "kubernetes", subject: "ci" }, ["subject"]],
    [{ ...WORKLOAD, tag: "v*" }, ["branch"]],
    [{ ...WORKLOAD, workflow: ".github/workflows/x.yml" }, ["workflow"]],
    [{ ...GENERIC, issuer: "" }, ["issuer"]],
    [{ ...GENERIC, issuer: "ci" }, ["issuer"]],
    [{ ...WORKLOAD, conditions: "environment" }, ["conditions"]],
    [{ ...WORKLOAD, conditions: "sub=repo:acme/api:ref:refs/heads/main" }, ["conditions"]],
    [{ ...PERMISSIONS, "scope:deploy": "" }, ["scopes"]],
    [{ ...PERMISSIONS, lifetime: "0" }, ["lifetime"]],
    [{ ...PERMISSIONS, lifetime: "x" }, ["lifetime"]],
    [{ ...PERMISSIONS, account: "nobody" }, ["account"]],
    [{ ...PERMISSIONS, until: "never" }, ["until"]],
    [{ ...PERMISSIONS, until: "2020-01-31" }, ["until"]],
    [{ ...PERMISSIONS, name: "no spaces" }, ["name"]],
    [{ ...PERMISSIONS, name: "ci", account: "deployer" }, ["name"]],
    [{ ...PERMISSIONS, name: "deployer" }, ["account"]],
    [{ ...TEST, do: "test" }, ["token"]],
    [{ ...TEST, do: "test", token: "nonsense" }, ["token"]],
    [{ ...TEST, do: "save", branch: "" }, ["force"]],
    [{ ...TEST, do: "save", scope: "destroy" }, ["scopes"]],
    [{ ...TEST, do: "save", subject: "acme" }, ["subject"]],
  ],
  "/admin/trust/edit": [
    [{ ...GENERIC, rule: "ci", issuer: "ci" }, ["issuer"]],
    [{ ...GENERIC, ...PERMISSIONS, ...GENERIC, step: "permissions", rule: "ci", until: "x" }, [
      "until",
    ]],
    [{ ...GENERIC, step: "test", scope: "deploy", rule: "ci", do: "test", token: "x" }, ["token"]],
  ],
};

/** Forms without fields to fill in. */
const QUESTIONS = [
  "/signout",
  "/device/confirm",
  "/logins/revoke",
  "/logins/revoke-narrow",
  "/logins/revoke-all",
  "/sessions/sign-out",
  "/tokens/:id/revoke",
  "/admin/tokens/revoke",
  "/account/email/confirm",
  "/admin/people/access",
  "/admin/people/delete",
  "/admin/people/password-link",
  "/admin/people/reset-factors",
  "/admin/people/revoke-login",
  "/admin/people/sign-out",
  "/admin/directories/disable",
  "/admin/directories/enable",
  "/admin/directories/remove",
  "/admin/clients/disable",
  "/admin/clients/enable",
  "/admin/clients/remove",
  "/admin/clients/rotate",
  "/admin/resources/remove",
  "/consent",
  "/consents/withdraw",
  "/admin/trust/remove",
  "/admin/trust/restore",
  "/admin/trust/disable",
  "/admin/trust/enable",
];

Deno.test("tests every form that has fields", () => {
  const forms = pageRoutes.filter(({ method }) => method === "POST").map(({ path }) => path);
  assert.deepEqual(forms.sort(), [...Object.keys(MISTAKES), ...QUESTIONS].sort());
});

Deno.test("lists the problems of a rejected form at its top, with links to the fields", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
    config.mail = { url: "smtp://127.0.0.1:9", from: "Example <auth@example.test>" };
  });
  server.outgoing = () => Promise.resolve(new Response(null, { status: 404 }));
  const newcomer = visitor(server);
  const setup = `/setup?token=${await createSetupLink(server.parts.sql, server.clock)}`;
  await t.step("/setup", async (t) => {
    for (const mistake of MISTAKES["/setup"]) {
      await newcomer.get(setup);
      await check(t, mistake, await newcomer.submit("/setup", mistake[0]));
    }
  });
  const alice = await addUserWithPassword(server);
  await server.parts.sql`update users set is_admin = true where id = ${alice.id}`;
  const operator = { ...server.parts, actor: alice.id };
  await addServiceAccount(operator, { name: "deployer", scope: "deploy" });
  await addTrustRule(operator, {
    name: "ci",
    provider: "generic",
    issuer: "https://ci.example.test",
    conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
    scope: "deploy",
    lifetimeSeconds: 600,
    serviceAccount: "deployer",
    force: false,
  });
  await addDirectory(operator, {
    name: "okta",
    domains: [],
    tokenHash: btoa("x".repeat(32)),
    tokenPrefix: "x".repeat(12),
  });
  await addClient(operator, { id: "acme", name: "Acme", grants: ["device"] });
  await addResource(operator, {
    name: "orders",
    identifier: "https://orders.example",
    scopes: [],
    claims: [],
  });
  const browser = await signedIn(server);
  await browser.get("/tokens/new");
  await browser.submit("/tokens/new", { name: "nightly", expiry: "86400" });
  const [{ id }] = await server.parts.sql`select id from personal_access_tokens`;
  await server.login(alice.id);
  const [login] = await server.parts.sql`select id from refresh_token_families`;
  const link = await server.parts.sql.begin((tx) =>
    createPasswordLink(tx, server.parts, { userId: alice.id, lifetimeSeconds: 3600, mailed: false })
  );
  const queries: Record<string, string> = {
    "/logins/rename": `?login=${login.id}`,
    "/password/choose": new URL(link!.url).search,
    "/admin/trust/edit": "?rule=ci",
    "/admin/clients/add": "?type=public",
    "/admin/clients/edit": "?client=acme",
    "/admin/directories/edit": "?directory=okta",
    "/admin/directories/rotate": "?directory=okta",
    "/admin/resources/edit": "?resource=orders",
    "/admin/people/address-link": `?user=${alice.id}`,
    "/admin/people/edit": `?user=${alice.id}`,
  };
  for (const [path, mistakes] of Object.entries(MISTAKES)) {
    if (path === "/setup") continue;
    await t.step(path, async (t) => {
      for (const mistake of mistakes) {
        const visiting = path === "/signin" ? visitor(server) : browser;
        const address = path.replace(":id", id);
        await visiting.get(address + (queries[path] ?? ""));
        const answer = await visiting.submit(address, mistake[0]);
        const page = answer.status === 303 ? await visiting.get(answer.location!) : answer;
        await check(t, mistake, page);
      }
    });
  }
});

async function check(
  t: Deno.TestContext,
  [fields, atFault]: [Record<string, string>, string[]],
  { status, html }: Shown,
) {
  await t.step(JSON.stringify(fields), () => {
    assert.equal(status, 422);
    assert.match(html, /<title>Error: /);
    const [main] = /<main[^]*<\/main>/.exec(html)!;
    const [summary] = /<div class="problem summary"[^]*?<\/div>/.exec(main)!;
    assert.match(summary, / role="alert"[^>]* tabindex="-1" autofocus(="")?>/);
    assert.equal(main.match(/ role="alert"/g)!.length, 1);
    assert.equal(html.match(/ autofocus/g)!.length, 1, "two fields want the focus");
    const targets = [...summary.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    assert.deepEqual(targets, atFault);
    for (const id of targets) {
      const [control] = new RegExp(`<(input|select|textarea)[^>]* id="${id}"[^>]*>`).exec(main)!;
      assert.match(control, / aria-invalid="true"/, id);
      const [, described] = / aria-describedby="([^"]*)"/.exec(control)!;
      assert.ok(described.split(" ").includes(`${id}-error`));
    }
    for (const [, ids] of main.matchAll(/ aria-describedby="([^"]*)"/g)) {
      for (const id of ids.split(" ")) assert.ok(main.includes(` id="${id}"`), id);
    }
    const text = main.replace(/<pre[^]*?<\/pre>/g, "").replace(/<[^>]*>/g, " ");
    assert.doesNotMatch(text, /(^|\s|\()--\w/, "a flag of the command line");
  });
}
