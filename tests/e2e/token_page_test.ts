/** The page that shows a new token, in a real browser: its copy button, with and without a script. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { type BrowserContext, openBrowser, type Page } from "../support/browser.ts";
import { databaseKinds } from "../support/databases.ts";
import { addUserWithPassword, PASSWORD } from "../support/person.ts";
import { serveSite } from "../support/site.ts";
import { testServer } from "../support/test_server.ts";

/** Signs in and creates a token; the page that shows it. */
async function tokenPage(context: BrowserContext, site: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${site}/signin?next=/tokens/new`);
  await page.getByLabel("E-mail address").fill("alice@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Name", { exact: true }).fill(`Nightly build ${crypto.randomUUID()}`);
  await page.getByRole("button", { name: "Create token" }).click();
  return page;
}

Deno.test("the copy button copies a new token, and appears only if it works", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  await using site = serveSite(server);
  await using chromium = await openBrowser();
  const copyButton = (page: Page) => page.getByRole("button", { name: "Copy" });

  await t.step("a click copies the token and says so", async () => {
    const context = await chromium.browser.newContext();
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: site.url });
    const complaints: string[] = [];
    context.on("console", (message) => complaints.push(message.text()));
    context.on("weberror", (error) => complaints.push(String(error.error())));
    const page = await tokenPage(context, site.url);
    assert.equal(await page.getByRole("status").innerText(), "");
    await copyButton(page).click();
    await page.getByRole("status").filter({ hasText: /^Copied$/ }).waitFor();
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    assert.equal(copied, await page.getByLabel("Token").inputValue());
    assert.ok(copied.startsWith(brand.tokenPrefixes.personalAccessToken));
    assert.deepEqual(complaints, [], "nothing breaks the Content-Security-Policy");
  });
  await t.step("reports that the browser denied it", async () => {
    const context = await chromium.browser.newContext();
    await context.addInitScript(
      "navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))",
    );
    const page = await tokenPage(context, site.url);
    await copyButton(page).click();
    await page.getByRole("status").filter({ hasText: "did not allow copying" }).waitFor();
  });
  await t.step("shows no button without a clipboard", async () => {
    const context = await chromium.browser.newContext();
    await context.addInitScript("Object.defineProperty(navigator, 'clipboard', {})");
    const page = await tokenPage(context, site.url);
    assert.ok(await page.getByLabel("Token").inputValue());
    assert.equal(await copyButton(page).count(), 0);
  });
  await t.step("shows no button without scripts", async () => {
    const context = await chromium.browser.newContext({ javaScriptEnabled: false });
    const page = await tokenPage(context, site.url);
    assert.ok(await page.getByLabel("Token").inputValue());
    assert.equal(await page.locator("#copy").isVisible(), false);
  });
});
