/**
 * The pages of passkeys, with a real browser on a phone and a desktop: no accessibility errors, and
 * nothing overflows the screen. With a folder in PAGE_PICTURES there is a picture of each.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";
import { openBrowser } from "../support/browser.ts";
import { databaseKinds } from "../support/databases.ts";
import { addUserWithPassword, PASSWORD } from "../support/person.ts";
import { serveSite } from "../support/site.ts";
import { testServer } from "../support/test_server.ts";
import { addVirtualAuthenticator } from "../support/virtual_authenticator.ts";

const pictures = Deno.env.get("PAGE_PICTURES");
const looks = [
  { width: 390, height: 844, colorScheme: "dark" },
  { width: 1280, height: 900, colorScheme: "light" },
] as const;

for (const { width, height, colorScheme } of looks) {
  Deno.test(`the pages of passkeys have no accessibility errors (${width} px wide)`, async () => {
    await using database = await databaseKinds[0].create();
    await using server = await testServer(database.location);
    await addUserWithPassword(server);
    await using site = serveSite(server, "localhost");
    await using chromium = await openBrowser();
    const context = await chromium.browser.newContext({ viewport: { width, height }, colorScheme });
    await context.addInitScript(
      "if (globalThis.PublicKeyCredential) {" +
        "PublicKeyCredential.isConditionalMediationAvailable = undefined; }",
    );
    const page = await context.newPage();
    const authenticator = await addVirtualAuthenticator(page);
    const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
    const look = async (name: string, pageName = name) => {
      await page.locator(`body:is([data-page="${pageName}"], [data-error="${pageName}"])`)
        .waitFor();
      await page.waitForLoadState();
      const beside = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(beside), 0, `${name} scrolls sideways`);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]),
        [],
        name,
      );
      if (pictures === undefined) return;
      await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
    };

    await page.goto(`${site.url}/signin?next=/account/passkeys/add`);
    await look("sign_in");
    await page.getByLabel("E-mail address").fill("alice@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await press(/^Sign in$/);
    await look("add_passkey");
    await page.getByLabel("Name").fill("W".repeat(100));
    await press("Add passkey");
    await look("passkeys", "security");
    await press(/^Rename/);
    await press("Sign in with a passkey");
    await look("rename_passkey");
    await page.goto(`${site.url}/account/security`);
    await press(/^Remove/);
    await look("remove_passkey");
    await context.clearCookies();
    await page.goto(`${site.url}/signin`);
    await page.getByLabel("E-mail address").fill("alice@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await press(/^Sign in$/);
    await look("second_factor");
    await authenticator.setUserVerified(false);
    await press("Use a passkey");
    await page.getByRole("alert").filter({ hasText: "No passkey was used" }).waitFor();
    await look("second_factor_canceled", "second_factor");
    await authenticator.setUserVerified(true);
    await authenticator.setSignCount(0);
    await page.goto(`${site.url}/signin`);
    await press("Sign in with a passkey");
    await page.locator(`[data-error="passkey_blocked"]`).waitFor();
    await look("passkey_blocked", "sign_in");
  });
}
