/**
 * The pages that `login --web` shows in the browser, with a real one: no accessibility errors, their
 * style applies under their Content-Security-Policy, and they have no script. With a folder in
 * PAGE_PICTURES there is a picture of each.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";
import { type BrowserPage, browserPage } from "../../client/ui/browser_page.ts";
import { openBrowser } from "../support/browser.ts";

const PAGES: BrowserPage[] = ["logged_in", "denied", "failed", "other_login", "not_found"];
const pictures = Deno.env.get("PAGE_PICTURES");

Deno.test("the pages of login --web have no accessibility errors", async () => {
  await using chromium = await openBrowser();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => browserPage(new URL(request.url).pathname.slice(1) as BrowserPage),
  );
  for (
    const { width, colorScheme, ground } of [
      { width: 390, colorScheme: "dark", ground: "rgb(14, 17, 22)" },
      { width: 1280, colorScheme: "light", ground: "rgb(245, 246, 248)" },
    ] as const
  ) {
    const viewport = { width, height: 700 };
    const context = await chromium.browser.newContext({ viewport, colorScheme });
    const page = await context.newPage();
    for (const name of PAGES) {
      await page.goto(`http://127.0.0.1:${server.addr.port}/${name}`);
      assert.equal(await page.locator("body").getAttribute("data-page"), name);
      assert.equal(await page.locator("script").count(), 0);
      const style = "getComputedStyle(document.body).backgroundColor";
      assert.equal(await page.evaluate(style), ground);
      const beside = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(beside), 0);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      assert.deepEqual(violations.map(({ id }) => id), [], name);
      if (pictures === undefined) continue;
      await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
    }
  }
});
