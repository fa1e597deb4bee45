import { join } from "node:path";
import { openBrowser, type Page } from "../../tests/support/browser.ts";
import { start } from "../../tests/support/binary.ts";
import { ALICE, type Installation } from "../../tests/support/installation.ts";
import { temporaryHome } from "../../tests/support/temporary_home.ts";

/** In CSS pixels; pictures have twice as many. */
const WIDTH = 640;
const THEMES = ["light", "dark"] as const;

/** Pictures of pages of the compiled program, in both themes: `NAME.png` and `NAME-dark.png`. */
export async function takeScreenshots(server: Installation, folder: string): Promise<string[]> {
  await using home = await temporaryHome();
  await using chromium = await openBrowser();
  const paths: string[] = [];
  for (const theme of THEMES) {
    const context = await chromium.browser.newContext({
      viewport: { width: WIDTH, height: 400 },
      deviceScaleFactor: 2,
      colorScheme: theme,
    });
    const page = await context.newPage();
    const take = async (name: string) => {
      const path = join(folder, `${name}${theme === "dark" ? "-dark" : ""}.png`);
      await page.screenshot({ path, fullPage: true });
      paths.push(path);
    };
    await signIn(page, server);
    const args = [
      "login",
      "--server",
      server.issuer,
      "--no-browser",
      "--insecure-storage",
      "--name",
      "Alice's laptop",
    ];
    await using login = start(args, { env: home.env });
    const [, code] = await login.waitFor(/Enter code:\s+(\S+)/);
    await page.goto(`${server.issuer}/device`);
    await page.getByLabel("Code").fill(code);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Approve" }).waitFor();
    await take("approve");
    await context.close();
  }
  return paths;
}

async function signIn(page: Page, server: Installation): Promise<void> {
  await page.goto(`${server.issuer}/device`);
  await page.getByLabel("E-mail address").fill(ALICE.email);
  await page.getByLabel("Password").fill(ALICE.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Code").waitFor();
}
