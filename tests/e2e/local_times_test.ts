/** Times on pages, in browsers in several time zones and without scripts. */
import assert from "node:assert/strict";
import { openBrowser } from "../support/browser.ts";
import { databaseKinds } from "../support/databases.ts";
import { addUserWithPassword, PASSWORD } from "../support/person.ts";
import { seedTokens } from "../support/seed_tokens.ts";
import { serveSite } from "../support/site.ts";
import { testServer } from "../support/test_server.ts";

const BROWSERS = [
  { zone: "Europe/Berlin", expected: "2026-01-31 12:30 CET" },
  { zone: "Asia/Kathmandu", expected: "2026-01-31 17:15 GMT+5:45" },
  { zone: "UTC", expected: "2026-01-31 11:30 UTC" },
  { zone: "Europe/Berlin", javaScriptEnabled: false, expected: "2026-01-31 11:30 UTC" },
];

Deno.test("shows times in the zone of the browser, and in UTC without scripts", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const alice = await addUserWithPassword(server);
  const [token] = await seedTokens(server, alice, [{ name: "Release" }]);
  await server.parts.sql`
    update personal_access_tokens set expires_at = ${new Date("2026-01-31T11:30:00Z")}`;
  await using site = serveSite(server);
  await using chromium = await openBrowser();
  for (const { zone, javaScriptEnabled = true, expected } of BROWSERS) {
    await t.step(`${zone}${javaScriptEnabled ? "" : ", without scripts"}`, async () => {
      const locale = "en-GB";
      const options = { timezoneId: zone, locale, javaScriptEnabled };
      const context = await chromium.browser.newContext(options);
      const complaints: string[] = [];
      context.on("console", (message) => complaints.push(message.text()));
      context.on("weberror", (error) => complaints.push(String(error.error())));
      const page = await context.newPage();
      await page.goto(`${site.url}/signin?next=/tokens/${token}`);
      await page.getByLabel("E-mail address").fill("alice@example.com");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL(/[/]tokens[/]/);
      const time = page.locator("time").filter({ has: page.locator(".exact") }).first();
      const plain = (text: string | null) => text?.replace("\u00a0", " ");
      assert.equal(plain(await time.locator(".exact").textContent()), expected);
      assert.equal(plain(await time.getAttribute("title")), "2026-01-31 11:30 UTC");
      assert.equal(await time.getAttribute("datetime"), "2026-01-31T11:30:00.000Z");
      // A page with one task has it too.
      const { user_code } = await server.startLogin();
      await page.goto(`${site.url}/device?user_code=${user_code}`);
      await page.getByRole("button", { name: "Continue" }).click();
      await page.waitForURL(/[/]device[/]confirm/);
      const title = await page.getByText("just now", { exact: true }).getAttribute("title");
      const localized = javaScriptEnabled && zone !== "UTC";
      assert.match(title!, localized ? /^[^(]+ \(.*UTC\)$/ : /^[^(]+UTC$/);
      assert.deepEqual(complaints, []);
    });
  }
});
