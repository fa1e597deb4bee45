/** Invariant: every rejected form lists its problems at its top, which has the focus. */
import assert from "node:assert/strict";
import { addClient } from "../../../server/admin/client_operations.ts";
import { addGroup } from "../../../server/admin/group_operations.ts";
import { addIdentityProvider } from "../../../server/admin/identity_providers/operations.ts";
import { addDirectory } from "../../../server/admin/directory_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { pageRoutes } from "../../../server/pages/routes.ts";
import { createPasswordLink } from "../../../server/passwords/password_link.ts";
import { createSetupLink } from "../../../server/store/setup_links.ts";
import { shownKey, totpCode } from "../../support/authenticator_app.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, PASSWORD } from "../../support/person.ts";
import { type Shown, type Visitor, visitor } from "../../support/page_visitor.ts";
import {
  addPasskey,
  optionsOf,
  softwareAuthenticator,
} from "../../support/software_authenticator.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";
import { addTrustRequest } from "../../support/trust_requests.ts";

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

/** An identity provider. */
const IDP = {
  template: "okta",
  name: "okta",
  issuer: "https://acme.okta.com",
  clientId: "client",
  clientSecret: "secret",
  firstSignIn: "queue",
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
  "/signin/passkey": [[{ credential: "" }, []], [{ credential: "{}" }, []]],
  "/signin/second-factor": [[{ code: "" }, ["code"]], [{ code: "x" }, ["code"]]],
  "/signin/second-factor/passkey": [[{ credential: "{}" }, []]],
  "/signin/set-up": [[{ code: "" }, ["code"]], [{ code: "x" }, ["code"]]],
  "/device": [[{ user_code: "WRNG" }, ["user_code"]], [{ user_code: "BCDF-GHJK" }, ["user_code"]]],
  "/admin/audit/history": [[{ credential: "" }, ["credential"]]],
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
  "/password/choose/passkey": [[{ credential: "{}" }, []]],
  "/account/passkeys/add": [[{ credential: "" }, []], [{ credential: "{}" }, []]],
  "/account/passkeys/rename": [
    [{ name: "" }, ["name"]],
    [{ name: "\u3164" }, ["name"]],
    [{ name: "x".repeat(101) }, ["name"]],
  ],
  "/account/security/app": [[{ code: "" }, ["code"]], [{ code: "x" }, ["code"]]],
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
  "/admin/groups/add": [
    [{ name: "" }, ["name"]],
    [{ name: "Ops" }, ["name"]],
    [{ name: "ops" }, ["name"]],
    [{ name: "new", description: "x".repeat(251) }, ["description"]],
    [{ name: "new", from: "okta" }, ["from"]],
  ],
  "/admin/groups/edit": [
    [{ description: "x".repeat(251) }, ["description"]],
    [{ from: "okta" }, ["from"]],
  ],
  "/admin/groups/add-member": [[{ user: "" }, ["user"]], [{ user: "nobody@x.org" }, ["user"]]],
  "/admin/identity-providers/add": [
    [{ ...IDP, template: "x" }, ["template"]],
    [{ ...IDP, name: "Okta" }, ["name"]],
    [{ ...IDP, name: "acme" }, ["name"]],
    [{ ...IDP, issuer: "" }, ["issuer"]],
    [{ ...IDP, issuer: "http://acme.okta.com" }, ["issuer"]],
    [{ ...IDP, issuer: "https://login.acme.com" }, ["issuer"]],
    [{ ...IDP, clientId: "" }, ["clientId"]],
    [{ ...IDP, clientSecret: "" }, ["clientSecret"]],
    [{ ...IDP, title: "\u3164" }, ["title"]],
    [{ ...IDP, domains: "localhost" }, ["domains"]],
    [{ ...IDP, required: "on" }, ["required"]],
    [{ ...IDP, firstSignIn: "x" }, ["firstSignIn"]],
    [{ ...IDP, template: "google", issuer: "", firstSignIn: "allow" }, ["firstSignIn"]],
    [{ ...IDP, groupsClaim: "a b" }, ["groupsClaim"]],
    [{ ...IDP, trustAcr: "on", acrValues: "gold" }, ["acrValues"]],
    [{ ...IDP, scopes: '"' }, ["scopes"]],
  ],
  "/admin/identity-providers/edit": [
    [{ ...IDP, clientId: "" }, ["clientId"]],
    [{ ...IDP, domains: "localhost" }, ["domains"]],
    [{ ...IDP, version: "x" }, []],
  ],
  "/admin/owners/change": [
    [{ owner: "alice" }, ["owner"]],
    [{ owner: "nobody@example.com" }, ["owner"]],
  ],
  "/admin/people/offboard": [
    [{ "transfer-to": "nobody@example.com" }, ["transfer-to"]],
    [{ "transfer-to": "bob@example.com" }, ["transfer-to"]],
  ],
  "/admin/trust/approve": [
    [{ "scope:deploy": "" }, ["scopes"]],
    [{ "scope:deploy": "on", name: "no spaces" }, ["name"]],
    [{ "scope:deploy": "on", name: "ci", account: "deployer" }, ["name"]],
    [{ "scope:deploy": "on", account: "nobody" }, ["account"]],
  ],
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
  "/signin/test-provider",
  "/signin/upstream/:provider",
  "/account/passkeys/remove",
  "/account/security/app/start",
  "/account/security/app/remove",
  "/account/security/recovery-codes",
  "/account/security/link",
  "/account/security/unlink",
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
  "/admin/groups/remove",
  "/admin/groups/remove-member",
  "/admin/identity-providers/disable",
  "/admin/identity-providers/enable",
  "/admin/identity-providers/remove",
  "/admin/identity-providers/requests/approve",
  "/admin/identity-providers/requests/deny",
  "/admin/identity-providers/test",
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
  "/admin/trust/dismiss",
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
  await addGroup(operator, { name: "ops" });
  await addIdentityProvider(operator, {
    ...IDP,
    template: "generic",
    name: "acme",
    issuer: "https://login.acme.com",
    firstSignIn: "queue",
  });
  await addTrustRequest(server.parts.sql, {
    issuer: "https://ci.example.test",
    audience: ISSUER,
    ref: "refs/heads/main",
    now: new Date(server.clock.now()),
  });
  const [{ id: workload }] = await server.parts.sql`select id from trust_requests`;
  const bob = await addUserWithPassword(server, "bob@example.com", "Bob");
  await addClient({ ...operator, actor: bob.id }, {
    id: "bobs",
    name: "Bob's",
    grants: ["device"],
  });
  const halfSignedIn = await betweenFactors(server);
  const authenticator = softwareAuthenticator();
  const passkey = await addPasskey(server, alice, authenticator);
  // To change sign-in methods, a user needs the strongest one.
  const browser = visitor(server);
  const credential = authenticator.get(optionsOf(await browser.get("/signin"), "get"));
  await browser.submit("/signin/passkey", { credential });
  await browser.get("/account/security");
  await browser.submit("/account/security/app/start");
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
    "/account/passkeys/rename": `?passkey=${passkey}`,
    "/admin/groups/edit": "?group=ops",
    "/admin/groups/add-member": "?group=ops",
    "/admin/identity-providers/edit": "?provider=acme",
    "/admin/owners/change": "?kind=client&name=bobs",
    "/admin/people/offboard": `?user=${bob.id}`,
    "/admin/trust/approve": `?workload=${workload}`,
    "/admin/trust/edit": "?rule=ci",
    "/admin/clients/add": "?type=public",
    "/admin/clients/edit": "?client=acme",
    "/admin/directories/edit": "?directory=okta",
    "/admin/directories/rotate": "?directory=okta",
    "/admin/resources/edit": "?resource=orders",
    "/admin/people/address-link": `?user=${alice.id}`,
    "/admin/people/edit": `?user=${alice.id}`,
  };
  /** Forms on the page of another one. */
  const pages: Record<string, string> = {
    "/signin/passkey": "/signin",
    "/signin/second-factor/passkey": "/signin/second-factor",
    "/password/choose/passkey": `/password/choose${queries["/password/choose"]}`,
  };
  for (const [path, mistakes] of Object.entries(MISTAKES)) {
    if (path === "/setup") continue;
    await t.step(path, async (t) => {
      for (const mistake of mistakes) {
        const visiting = ["/signin", "/signin/passkey"].includes(path)
          ? visitor(server)
          : halfSignedIn[path] ?? browser;
        const address = path.replace(":id", id);
        await visiting.get(pages[path] ?? address + (queries[path] ?? ""));
        const answer = await visiting.submit(address, mistake[0]);
        const page = answer.status === 303 ? await visiting.get(answer.location!) : answer;
        await check(t, mistake, page);
      }
    });
  }
});

/** Browsers after the password, by the form that asks for the second factor. */
async function betweenFactors(server: TestServer): Promise<Record<string, Visitor>> {
  const enterPassword = async (email: string, acr: string) => {
    const browser = visitor(server);
    await browser.get(`/signin?acr=${acr}`);
    await browser.submit("/signin", { email, password: PASSWORD });
    return browser;
  };
  const carol = await addUserWithPassword(server, "carol@example.com", "Carol");
  const setUp = await enterPassword(carol.email, "2fa");
  const erin = await addUserWithPassword(server, "erin@example.com", "Erin");
  const enrolling = await enterPassword(erin.email, "2fa");
  const key = shownKey((await enrolling.get("/signin/set-up")).html);
  const code = totpCode(key, server.clock.now());
  const { page, text } = await enrolling.submit("/signin/set-up", { code });
  assert.equal(page, "recovery_codes", text);
  await addPasskey(server, erin);
  const factor = await enterPassword(erin.email, "1fa");
  return {
    "/signin/set-up": setUp,
    "/signin/second-factor": factor,
    "/signin/second-factor/passkey": factor,
  };
}

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
    // Commands are named on purpose; messages of operations must not have flags.
    const text = main.replace(/<(pre|code)\b[^]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ");
    assert.doesNotMatch(text, /(^|\s|\()--\w/, "a flag of the command line");
  });
}
