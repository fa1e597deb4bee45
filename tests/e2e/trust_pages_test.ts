/**
 * Trusting a job, in a real browser without scripts and with the keyboard only: from its rejection
 * to its access token.
 */
import assert from "node:assert/strict";
import { TOKEN_EXCHANGE_GRANT } from "../../shared/oauth/grant_types.ts";
import { ID_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import { addTrustRule } from "../../server/admin/trust/add_rule.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { databaseKinds } from "../support/databases.ts";
import { jobClaims, startIssuer } from "../support/oidc_issuer.ts";
import { addUserWithPassword, PASSWORD } from "../support/person.ts";
import { serveSite } from "../support/site.ts";
import { testServer } from "../support/test_server.ts";

type Locator = ReturnType<Page["locator"]>;

Deno.test("a rejected job is trusted with the keyboard only, and without scripts", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    Object.assign(config.federation, { privateIssuers: true, detailedErrors: true });
    config.scopes.push({ name: "deploy", description: "Put new versions into production" });
    config.scopes.push({ name: "read", description: "Read the inventory" });
  });
  const { sql } = server.parts;
  const { id } = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${id}`;
  await using site = serveSite(server);
  await using issuer = await startIssuer({ clock: server.clock });
  await addTrustRule({ ...server.parts, issuer: site.url }, {
    name: "other",
    provider: "github-enterprise",
    issuer: issuer.url,
    conditions: [
      { claim: "repository_id", operator: "equals", values: ["1"] },
      { claim: "ref", operator: "equals", values: ["refs/heads/main"] },
    ],
    scope: "read",
    lifetimeSeconds: 600,
    force: false,
  });
  const claims = await jobClaims("github", {
    repository: "acme/api",
    repository_id: "74",
    ref: "refs/heads/main",
    environment: undefined,
  });
  const sign = () => issuer.sign({ ...claims, aud: site.url });
  const exchange = async () => {
    const response = await fetch(`${site.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token: await sign(),
        subject_token_type: ID_TOKEN_TYPE,
      }),
    });
    const body = await response.json();
    return body.scope ?? body.error;
  };
  assert.equal(await exchange(), "invalid_request");

  await using chromium = await openBrowser();
  const context = await chromium.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const { keyboard } = page;
  const addresses: string[] = [];
  page.on("framenavigated", (frame) => addresses.push(frame.url()));
  /** Moves the focus with the tab key until the element has it. */
  const tabTo = async (target: Locator) => {
    for (let count = 0; count < 80; count++) {
      if (await target.and(page.locator(":focus")).count() > 0) return;
      await keyboard.press("Tab");
    }
    throw new Error(`the tab key does not reach ${target}`);
  };
  const type = async (label: string, text: string) => {
    await tabTo(page.getByLabel(label));
    await keyboard.press("Control+A");
    await keyboard.type(text);
  };
  const press = async (name: string, next: string) => {
    await tabTo(page.getByRole("button", { name, exact: true }));
    await keyboard.press("Enter");
    await page.locator(`body[data-page="${next}"]`).waitFor();
  };
  const follow = async (name: string | RegExp, next: string) => {
    await tabTo(page.getByRole("link", { name }));
    await keyboard.press("Enter");
    await page.locator(`body[data-page="${next}"]`).waitFor();
  };
  const pageName = () => page.locator("body").getAttribute("data-page");

  await page.goto(`${site.url}/signin?next=/admin/trust`);
  await type("E-mail address", "alice@example.com");
  await type("Password", PASSWORD);
  await press("Sign in", "trust");
  await follow("Add rule", "trust_provider");
  await follow(/^GitHub Enterprise Server/, "trust_workload");
  await type("Repository number", "74");
  await type("Issuer", issuer.url);
  await type("Branch", "next");
  await tabTo(page.locator("summary", { hasText: "Further conditions" }));
  await keyboard.press("Enter");
  await type("Conditions on claims", "nonsense");
  // A problem is focused, and its link leads to the field.
  await press("Continue", "trust_workload");
  assert.equal(await page.locator("#problems:focus").count(), 1);
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await tabTo(page.getByLabel("Conditions on claims"));
  await keyboard.press("Control+A");
  await keyboard.press("Delete");
  await press("Continue", "trust_permissions");

  // Back and forth, with the browser's button and with ours: the entries stay.
  await page.goBack();
  assert.equal(await page.getByLabel("Branch").inputValue(), "next");
  await page.goForward();
  assert.equal(await pageName(), "trust_permissions");
  await tabTo(page.getByLabel("Put new versions into production"));
  await keyboard.press("Space");
  await press("Back", "trust_workload");
  assert.equal(await page.getByLabel("Repository number").inputValue(), "74");
  await type("Branch", "release");
  await keyboard.press("Enter");
  await page.locator('body[data-page="trust_permissions"]').waitFor();
  // The enter key continues, too.
  assert.ok(await page.getByLabel("Put new versions into production").isChecked());
  await type("Name of the rule", "api");
  await press("Continue", "trust_test");

  await press("Test rule", "trust_test");
  assert.equal(await page.locator("#result:focus").getAttribute("data-result"), "no_matching_rule");
  await follow("2. Workload", "trust_workload");
  await type("Branch", "main");
  await press("Continue", "trust_permissions");
  await press("Continue", "trust_test");
  await press("Test rule", "trust_test");
  assert.equal(await page.locator("#result").getAttribute("data-result"), "granted");
  const token = await sign();
  await tabTo(page.getByLabel("With a token"));
  await keyboard.insertText(token);
  await press("Test rule", "trust_test");
  assert.equal(await page.locator("#result").getAttribute("data-result"), "granted");
  assert.equal(await page.getByLabel("With a token").inputValue(), "");
  assert.ok(!(await page.content()).includes(token));
  assert.match(
    await page.locator("#sentence").innerText(),
    /^GitHub Enterprise Server jobs on main/,
  );
  assert.equal(await exchange(), "invalid_request", "nothing was saved");
  await press("Add rule", "trust");
  assert.equal(await page.locator("[data-notice]").getAttribute("data-notice"), "rule_added");
  assert.equal(await exchange(), "deploy");

  await press("Edit the rule api", "trust_workload");
  assert.equal(await page.getByLabel("Branch").inputValue(), "main");
  await press("Continue", "trust_permissions");
  await tabTo(page.getByLabel("Read the inventory"));
  await keyboard.press("Space");
  await press("Continue", "trust_test");
  assert.equal(await page.locator("#account-extension").count(), 1);
  await press("Save changes", "trust");
  assert.equal(await exchange(), "deploy read");
  await press("Disable the rule api", "disable_trust_rule");
  await press("Disable rule", "trust");
  assert.equal(await exchange(), "invalid_request");
  await press("Enable the rule api", "enable_trust_rule");
  await press("Enable rule", "trust");
  assert.equal(await exchange(), "deploy read");
  await press("Remove the rule api", "remove_trust_rule");
  await press("Remove rule", "trust");
  assert.equal(await exchange(), "invalid_request");
  assert.ok(addresses.length > 15);
  assert.ok(!addresses.some((address) => address.includes(token.slice(0, 20))));
});
