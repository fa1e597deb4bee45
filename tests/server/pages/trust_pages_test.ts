/**
 * Adding and editing trust rules in the browser: what a test of a rule shows is what the token
 * endpoint decides, and an administrator confirms only what they were shown.
 */
import assert from "node:assert/strict";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import { addTrustRule, type TrustRuleRequest } from "../../../server/admin/trust/add_rule.ts";
import { editTrustRule } from "../../../server/admin/trust/edit_rule.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { databaseKinds } from "../../support/databases.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { jobClaims, type OidcIssuer, startIssuer } from "../../support/oidc_issuer.ts";
import type { Visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const ADD = "/admin/trust/add";
const EDIT = "/admin/trust/edit";

interface Setting extends AsyncDisposable {
  server: TestServer;
  issuer: OidcIssuer;
  browser: Visitor;
  /** A token of a job on this branch. */
  sign(branch: string, more?: Record<string, unknown>): Promise<string>;
  /** What the token endpoint answers: the scope or the error. */
  exchange(token: string): Promise<string>;
  /** The entries of all steps, as the last one sends them. */
  entries: Record<string, string>;
  addRule(change?: Partial<TrustRuleRequest>): Promise<void>;
}

async function setting(): Promise<Setting> {
  const clock = manualClock();
  const database = await databaseKinds[0].create();
  const server = await testServer(database.location, (config) => {
    Object.assign(config.federation, { privateIssuers: true, detailedErrors: true });
    config.scopes.push({ name: "deploy", description: "Deploy" });
    config.scopes.push({ name: "read", description: "Read" });
  }, clock);
  const issuer = await startIssuer({ clock });
  const { id } = await addUserWithPassword(server);
  await server.parts.sql`update users set is_admin = true where id = ${id}`;
  const claims = await jobClaims("github", { repository: "acme/api", repository_id: "74" });
  return {
    server,
    issuer,
    browser: await signedIn(server),
    sign: (branch, more = {}) =>
      issuer.sign({ ...claims, aud: ISSUER, ref: `refs/heads/${branch}`, ...more }),
    async exchange(token) {
      const { body } = await server.post("/oauth/token", {
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token: token,
        subject_token_type: ID_TOKEN_TYPE,
      });
      return body.scope ?? body.error;
    },
    entries: {
      step: "test",
      provider: "github-enterprise",
      issuer: issuer.url,
      repository_id: "74",
      branch: "main",
      scope: "deploy",
      name: "ci",
    },
    async addRule(change) {
      const added = await addTrustRule(server.parts, {
        name: "ci",
        provider: "github-enterprise",
        issuer: issuer.url,
        conditions: [
          { claim: "repository_id", operator: "equals", values: ["74"] },
          { claim: "ref", operator: "equals", values: ["refs/heads/main"] },
        ],
        scope: "deploy",
        lifetimeSeconds: 600,
        force: false,
        ...change,
      });
      if (added instanceof DomainError) throw added;
    },
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Sends a step, and follows the redirect. */
async function send(browser: Visitor, path: string, fields: Record<string, string>) {
  await browser.get("/tokens");
  const answer = await browser.submit(path, fields);
  return answer.status === 303 ? await browser.get(answer.location!) : answer;
}

const resultOf = ({ html }: { html: string }) => / data-result="([^"]*)"/.exec(html)?.[1];

Deno.test("a test of a rule decides as the token endpoint does, and uses nothing up", async () => {
  await using trust = await setting();
  const { browser, entries, server } = trust;
  const test = (token: string, more = {}) =>
    send(browser, ADD, { ...entries, do: "test", token, ...more });
  const token = await trust.sign("main");
  const tested = await test(token);
  assert.equal(resultOf(tested), "granted");
  // Pasted as logs and headers have it.
  for (const pasted of [`Bearer ${token}`, `${token.slice(0, 70)}\n ${token.slice(70)}`]) {
    assert.equal(resultOf(await test(pasted)), "granted");
  }
  assert.equal(resultOf(await test(btoa(token))), "granted");
  const signature = token.split(".")[2];
  assert.ok(!tested.html.includes(signature), "the page repeats the token");
  const rows = JSON.stringify([
    await server.parts.sql`select * from audit_log`,
    await server.parts.sql`select * from used_assertions`,
  ]);
  assert.ok(!rows.includes(signature));
  assert.equal((await server.parts.sql`select 1 from used_assertions`).length, 0);
  assert.equal((await server.parts.sql`select 1 from trust_rules`).length, 0);
  assert.equal((await server.parts.sql`select 1 from service_accounts`).length, 0);

  const other = await trust.sign("evil");
  const differing = await test(other);
  assert.equal(resultOf(differing), "no_matching_rule");
  assert.match(differing.text, /ref refs\/heads\/main refs\/heads\/evil/);
  const now = Math.floor(server.clock.now() / 1000);
  const invalid: [token: string, result: string][] = [
    [await trust.sign("main", { aud: "https://other.example" }), "audience"],
    [await trust.sign("main", { exp: now - 61 }), "expired"],
    [await trust.sign("main", { iss: "https://other.example" }), "unknown_issuer"],
  ];
  for (const [token, result] of invalid) assert.equal(resultOf(await test(token)), result);

  await send(browser, ADD, { ...entries, do: "save" });
  assert.equal(await trust.exchange(other), "invalid_request");
  // The tests did not use the token up.
  assert.equal(await trust.exchange(token), "deploy");
  for (const [token] of invalid) assert.equal(await trust.exchange(token), "invalid_request");
});

Deno.test("a test of a rule names an older rule that matches too", async () => {
  await using trust = await setting();
  await trust.addRule({ name: "older", scope: "read" });
  trust.server.clock.advance({ minutes: 1 });
  const token = await trust.sign("main");
  const fields = { ...trust.entries, do: "test", token };
  assert.equal(resultOf(await send(trust.browser, ADD, fields)), "other_rule");
  await send(trust.browser, ADD, { ...trust.entries, do: "save" });
  assert.equal(await trust.exchange(token), "read");
});

Deno.test("tests a rule with a rejected job, whose token is not recorded", async () => {
  await using trust = await setting();
  const { browser, entries, server } = trust;
  await trust.addRule({ name: "older" });
  const token = await trust.sign("release");
  assert.equal(await trust.exchange(token), "invalid_request");
  const [{ id, details }] = await server.parts
    .sql`select id, details from audit_log where event = 'workload.refused'`;
  assert.ok(!JSON.stringify(details).includes(token.split(".")[1]));
  const test = async (branch: string, rejection: string) =>
    resultOf(await send(browser, ADD, { ...entries, branch, do: "test", rejection }));
  const page = await send(browser, ADD, { ...entries, step: "permissions" });
  assert.match(page.html, new RegExp(`name="rejection" value="${id}"`));
  assert.equal(await test("release", id), "granted");
  assert.equal(await test("main", id), "no_matching_rule");
  const unknown = { ...entries, do: "test", rejection: crypto.randomUUID() };
  assert.deepEqual((await send(browser, ADD, unknown)).problems, ["invalid #rejection"]);
  server.clock.advance({ days: 8 });
  const later = await signedIn(server);
  const expired = await send(later, ADD, { ...entries, do: "test", rejection: id });
  assert.deepEqual(expired.problems, ["invalid #rejection"]);
});

Deno.test("limits how many tokens an administrator tests within an hour", async () => {
  await using trust = await setting();
  const fields = { ...trust.entries, do: "test", token: "x.y.z" };
  await trust.browser.get(ADD);
  for (let count = 0; count < 60; count++) {
    assert.equal(resultOf(await trust.browser.submit(ADD, fields)), "malformed");
  }
  assert.deepEqual((await send(trust.browser, ADD, fields)).problems, ["rate_limited #token"]);
  trust.server.clock.advance({ minutes: 61 });
  const later = await signedIn(trust.server);
  assert.equal(resultOf(await send(later, ADD, fields)), "malformed");
});

Deno.test("no link of others contains a rule to confirm", async () => {
  await using trust = await setting();
  const { browser, entries } = trust;
  const forged = new URLSearchParams({ ...entries, subject: "acme/api" });
  const page = await browser.get(`${ADD}?${forged}`);
  assert.equal(page.page, "trust_workload");
  assert.match(page.html, /id="repository_id"[^>]* value=""/);
  const { location } = await browser.submit(ADD, {
    ...entries,
    step: "permissions",
    scopes: "1",
    "scope:deploy": "on",
  });
  assert.equal((await browser.get(location!)).page, "trust_test");
  const changed = location!.replace("repository_id=74", "repository_id=80");
  assert.notEqual(changed, location);
  assert.equal((await browser.get(changed)).page, "trust_workload");
  // Nor one that was signed for another administrator.
  const { id } = await addUserWithPassword(trust.server, "bob@example.com");
  await trust.server.parts.sql`update users set is_admin = true where id = ${id}`;
  const bob = await signedIn(trust.server, "bob@example.com");
  assert.equal((await bob.get(location!)).page, "trust_workload");
});

Deno.test("a rule that is edited keeps its provider", async () => {
  await using trust = await setting();
  const { browser, entries, server } = trust;
  await trust.addRule();
  await browser.get(`${EDIT}?rule=ci&provider=generic`);
  const { provider, version } = Object.fromEntries(browser.hidden);
  assert.deepEqual([provider, version !== undefined], ["github-enterprise", true]);
  const generic = { provider: "generic", repository_id: "", branch: "", conditions: "sub=x" };
  const answer = await send(browser, EDIT, { ...entries, ...generic, rule: "ci", do: "save" });
  assert.equal(answer.notice, undefined, "its own provider needs a repository");
  const [rule] = await server.parts.sql`select conditions from trust_rules`;
  assert.deepEqual(rule.conditions[0].values, ["74"]);
});

Deno.test("keeps the entries of a step for the Back button, until the list is opened", async () => {
  await using trust = await setting();
  const { browser, entries } = trust;
  const first = `${ADD}?provider=github-enterprise`;
  const branch = async () =>
    / id="branch"[^>]* value="([^"]*)"/.exec((await browser.get(first)).html)?.[1];
  await browser.get(first);
  const { location } = await browser.submit(ADD, { ...entries, step: "workload", branch: "next" });
  assert.equal((await browser.get(location!)).page, "trust_permissions");
  assert.equal(await branch(), "next");
  await browser.get("/admin/trust");
  assert.equal(await branch(), "");
});

Deno.test("compares an entered repository number with the one that the provider has", async () => {
  await using trust = await setting();
  const { browser, server } = trust;
  let number = 74;
  server.outgoing = () => Promise.resolve(Response.json({ id: number }));
  const step = { step: "workload", provider: "github", subject: "acme/api", branch: "main" };
  const wrong = await send(browser, ADD, { ...step, repository_id: "75" });
  assert.deepEqual(wrong.problems, ["invalid #repository_id"]);
  const right = await send(browser, ADD, { ...step, repository_id: "74" });
  assert.equal(right.page, "trust_permissions");
  await send(browser, ADD, step);
  await send(browser, ADD, {
    ...step,
    found: "74 acme/api",
    step: "test",
    scope: "deploy",
    do: "save",
  });
  const [rule] = await server.parts.sql`select name, conditions from trust_rules`;
  assert.deepEqual(rule.conditions[0].values, ["74"]);
  // Another repository has taken the name: an edit keeps the number.
  number = 80;
  await browser.get(`${EDIT}?rule=${rule.name}`);
  const { location } = await browser.submit(EDIT, { subject: "acme/api", branch: "next" });
  assert.match(location!, /found=74\+acme/);
  // A number never counts for another name.
  await browser.get(`${EDIT}?rule=${rule.name}`);
  const renamed = await browser.submit(EDIT, { subject: "acme/web", branch: "next" });
  assert.match(renamed.location!, /found=80\+acme/);
});

Deno.test("extends the scopes of an account only as its author was shown", async () => {
  await using trust = await setting();
  const { browser, server, entries } = trust;
  const { sql } = server.parts;
  await trust.addRule();
  const accountScope = async () =>
    (await sql`select scope from service_accounts where name = 'ci'`)[0].scope;
  const more = { ...entries, rule: "ci", scope: "deploy read" };
  const preview = await send(browser, EDIT, { ...more, do: "test" });
  assert.match(preview.html, /id="account-extension"/);
  // A form that did not show it.
  const silent = await send(browser, EDIT, { ...more, do: "save" });
  assert.deepEqual(silent.problems, ["conflict #account-extension"]);
  assert.equal(await accountScope(), "deploy");
  assert.equal(
    (await send(browser, EDIT, { ...more, do: "save", extend: "read" })).notice,
    "rule_changed",
  );
  assert.equal(await accountScope(), "deploy read");

  // An account that exists keeps its scopes, and the page says what the rule cannot grant.
  const { rule: _, ...others } = { ...more, rule: "", name: "new", account: "ci" };
  await sql`update service_accounts set scope = 'deploy'`;
  const limited = await send(browser, ADD, {
    ...others,
    do: "test",
    token: await trust.sign("main"),
  });
  assert.match(limited.html, /id="missing-scopes"/);
  assert.match(limited.text, /read/);

  // An account that was not created with the rule, though it has its name.
  await addServiceAccount(server.parts, { name: "separate", scope: "deploy" });
  server.clock.advance({ minutes: 1 });
  await trust.addRule({ name: "separate", serviceAccount: "separate" });
  const refused = await editTrustRule(server.parts, {
    name: "separate",
    scope: "deploy read",
    extendAccount: "deploy read",
    force: false,
  });
  assert.ok(refused instanceof DomainError && refused.field === "scope");
});

Deno.test("rejects changes to a rule that was changed in the meantime", async () => {
  await using trust = await setting();
  const { browser, server } = trust;
  await trust.addRule();
  await browser.get(`${EDIT}?rule=ci`);
  const { location } = await browser.submit(EDIT, {
    repository_id: "74",
    branch: "next",
    issuer: trust.issuer.url,
  });
  await editTrustRule(server.parts, { name: "ci", lifetimeSeconds: 300, force: false });
  await browser.get(location!);
  const { location: list } = await browser.submit(EDIT, { scopes: "1", "scope:deploy": "on" });
  assert.equal((await browser.get(list!)).notice, "rule_not_changed");
  const [rule] = await server.parts.sql`select conditions from trust_rules`;
  assert.deepEqual(rule.conditions[1].values, ["refs/heads/main"]);
});
