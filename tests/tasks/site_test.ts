/**
 * The site of the documentation, opened from its folder in a real browser: on a phone with the dark
 * theme and on a desktop with the light one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import axe from "axe-core";
import { buildSite } from "../../tasks/site/build_site.ts";
import { openBrowser, type Page } from "../support/browser.ts";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const LOOKS = [
  { width: 390, height: 844, colorScheme: "dark" },
  { width: 1280, height: 900, colorScheme: "light" },
] as const;
const VISITED = ["index", "overview", "quickstart", "federation", "exit-codes", "apply"];

async function temporaryFolder() {
  const path = await Deno.makeTempDir({ prefix: "site-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("the site has each page as HTML and as Markdown, and llms.txt lists them", async () => {
  await using folder = await temporaryFolder();
  const { pages, broken } = await buildSite({ docs, output: folder.path });
  assert.deepEqual(broken, []);
  assert.ok(pages > 50);
  const read = (path: string) => Deno.readTextFile(join(folder.path, path));
  assert.equal(await read("quickstart.md"), await Deno.readTextFile(join(docs, "quickstart.md")));
  assert.match(await read("llms.txt"), /^- \[.+\]\(quickstart\.md\): .+\.$/m);
  const html = await read("deploy/vm.html");
  assert.match(html, /<link rel="stylesheet" href="\.\.\/assets\/site\.css">/);
  assert.match(html, /rel="prev"/);
  assert.doesNotMatch(html, /<script>|<style>| style="| on[a-z]+="|(?:src|stylesheet" href)="http/);
});

Deno.test("a link or an anchor that leads nowhere, and a page without a place, fail the build", async () => {
  await using folder = await temporaryFolder();
  const source = join(folder.path, "docs");
  await Deno.mkdir(source);
  const write = (name: string, text: string) => Deno.writeTextFile(join(source, name), text);
  await write("index.md", "# Index\n\n## Start\n\n- [A](a.md)\n");
  await write("a.md", "# A\n\n[1](missing.md) [2](#nowhere) [3](index.md#start)\n");
  await write("b.md", "# B\n");
  const output = join(folder.path, "site");
  const { broken } = await buildSite({ docs: source, output });
  assert.deepEqual(broken, [
    "a.md: missing.md leads nowhere",
    "a.md: #nowhere leads nowhere",
    "b.md: not listed in index.md",
  ]);
  await assert.rejects(Deno.stat(output), Deno.errors.NotFound);
});

Deno.test("the site is searched, and is accessible, from a folder", async (t) => {
  await using folder = await temporaryFolder();
  await buildSite({ docs, output: folder.path });
  await using chromium = await openBrowser();
  const address = (page: string) => pathToFileURL(join(folder.path, `${page}.html`)).href;
  for (const { width, height, colorScheme } of LOOKS) {
    await t.step(`${width} px wide, ${colorScheme}`, async () => {
      const context = await chromium.browser.newContext({
        viewport: { width, height },
        colorScheme,
      });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      for (const name of VISITED) {
        await page.goto(address(name));
        await checkAccessibility(page, name);
        await page.setViewportSize({ width: 320, height });
        assert.equal(await overflow(page), 0, `${name} scrolls sideways at 320 px`);
        await page.setViewportSize({ width, height });
      }
      await page.goto(address("comparison"));
      const table = page.locator(".table.wide").first();
      await table.evaluate((element) => element.scrollLeft = 300);
      const [cell, edge] = await Promise.all(
        [table.locator("td").first(), table].map((part) => part.boundingBox()),
      );
      assert.ok(Math.abs(cell!.x - edge!.x) <= 1, "the first column of a wide table stays in view");

      await page.goto(address("deploy/vm"));
      await page.keyboard.press("/");
      await page.keyboard.type("refresh token");
      await page.locator("#results a").first().waitFor();
      const [first] = await page.locator("#results a").evaluateAll((links) =>
        links.map((link) => link.getAttribute("href"))
      );
      assert.doesNotMatch(first ?? "decisions", /decisions/);
      await page.keyboard.press("Escape");
      await page.locator(".search input").fill("");
      await page.keyboard.press("/");
      await page.keyboard.type("device authorization");
      await page.locator("#results a").first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL((url) => !url.pathname.endsWith("/vm.html"));

      const before = await background(page);
      await page.getByRole("button", { name: "Switch between light and dark" }).click();
      assert.notEqual(await background(page), before);
      await checkAccessibility(page, "the other theme");
      assert.deepEqual(errors, []);
      await context.close();
    });
  }
});

async function checkAccessibility(page: Page, name: string): Promise<void> {
  assert.equal(await overflow(page), 0, `${name} scrolls sideways`);
  // The policy of the pages allows no script of a test: evaluated by the browser's debugger.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run({ preload: false })");
  const findings = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  assert.deepEqual(findings, [], name);
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
}

function background(page: Page): Promise<string> {
  return page.evaluate("getComputedStyle(document.body).backgroundColor");
}
