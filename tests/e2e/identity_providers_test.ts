/**
 * Signing in to the compiled program with a real identity provider, panva's oidc-provider, in a real
 * browser: tested by the operator first, then by users, on the embedded database and PostgreSQL.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { start } from "../support/binary.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { freePort } from "../support/free_port.ts";
import { ALICE, everyDatabase, install, POSTGRES } from "../support/installation.ts";
import { parseOutput } from "../support/output_schema.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const SECRET = "secret-of-the-client-at-the-provider";
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Starts the provider; it is killed when disposed. */
async function startProvider(redirectUri: string): Promise<{ issuer: string } & AsyncDisposable> {
  const port = freePort();
  const provider = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", "--quiet", "--lock=deno.lock", "--frozen"],
      "tests/support/oidc_provider.ts",
      ...[String(port), redirectUri, SECRET],
    ],
    cwd: root,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = provider.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let output = ""; !output.includes("ready");) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the identity provider has not started: ${output}`);
    output += value;
  }
  return {
    issuer: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      provider.kill("SIGKILL");
      await reader.cancel();
      await provider.status;
    },
  };
}

/** Enters a name at the provider; the first time, it asks whether to continue. */
async function signInThere(
  page: Page,
  login: string,
  { asksToContinue = true }: { asksToContinue?: boolean } = {},
): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("anything");
  await page.getByRole("button", { name: "Sign-in" }).click();
  if (asksToContinue) await page.getByRole("button", { name: "Continue" }).click();
}

for (const database of everyDatabase.filter((name) => name === "embedded" || name === POSTGRES)) {
  Deno.test(`users sign in with an identity provider (${database})`, async (t) => {
    await using cleanUp = new AsyncDisposableStack();
    const { browser } = cleanUp.use(await openBrowser());
    const server = cleanUp.use(
      await install({
        database,
        env: {
          [`${brand.envPrefix}_PRIVATE_IDENTITY_PROVIDERS`]: "on",
          [`${brand.envPrefix}_BREAK_GLASS_ADMINISTRATORS`]: "root@acme.com",
        },
      }),
    );
    await server.addUser({ ...ALICE, email: "root@acme.com" }, "--name", "Root", "--admin");
    const { issuer } = cleanUp.use(
      await startProvider(`${server.issuer}/signin/upstream/acme/callback`),
    );
    const operate = async (args: string[], stdin?: string) => {
      const ended = await server.operate(["admin", "idp", ...args], { stdin });
      assert.equal(ended.code, EXIT.ok, ended.stderr);
      return ended;
    };
    const newPage = async () => await (await browser.newContext()).newPage();
    const nameOf = (page: Page) => page.locator("body").getAttribute("data-page");

    await t.step("the operator adds a provider, and tests it before users see it", async () => {
      const { stderr } = await operate([
        ...["add", "generic", "--name", "acme", "--title", "Acme", "--issuer", issuer],
        ...["--client-id", "server", "--client-secret-stdin", "--allow-domain", "acme.com"],
        ...["--groups-claim", "groups", "--disabled"],
      ], `${SECRET}\n`);
      assert.match(stderr, /secret_key is not set/);
      const home = cleanUp.use(await temporaryHome());
      const place = server.databaseUrl === undefined
        ? ["--data-dir", server.dataDir]
        : ["--database-url", server.databaseUrl];
      const testing = cleanUp.use(
        start(["admin", "idp", "test", "acme", "--json", ...place], {
          env: {
            ...home.env,
            [`${brand.envPrefix}_ISSUER`]: server.issuer,
          },
        }),
      );
      const [link] = await testing.waitFor(/http:\S+\/signin\/test-provider\?test=\S+/);
      const page = await newPage();
      await page.goto(link);
      await page.getByRole("button", { name: "Continue with Acme" }).click();
      await signInThere(page, "tester");
      await page.waitForSelector('[data-page="provider_test_result"]');
      assert.equal(await page.locator("#outcome").getAttribute("data-outcome"), "create");
      const { code, stdout } = await testing.ended;
      const report = parseOutput("admin-idp-test", stdout);
      assert.deepEqual([code, report.outcome, report.groups.counted], [0, "create", ["dev"]]);
      const { stdout: users } = await server.operate(["admin", "user", "list", "--json"]);
      assert.ok(!users.includes("tester"), "nothing was changed");
      await page.goto(`${server.issuer}/signin`);
      assert.equal(await page.locator("[data-provider]").count(), 0);
      await operate(["enable", "acme"]);
    });

    const page = await newPage();
    await t.step("a user signs in, and approves a login of a terminal", async () => {
      await page.goto(`${server.issuer}/device`);
      await page.getByRole("button", { name: "Continue with Acme" }).click();
      await signInThere(page, "bob");
      await page.waitForSelector('[data-page="enter_code"]');
      const { stdout } = await server.operate(["admin", "user", "list", "--json"]);
      const { users } = JSON.parse(stdout).users === undefined
        ? { users: JSON.parse(stdout) }
        : JSON.parse(stdout);
      const bob = users.find(({ email }: { email: string }) => email === "bob@acme.com");
      assert.deepEqual([bob.name, bob.admin ?? bob.isAdmin], ["bob of Acme", false]);
    });

    await t.step("signing in again asks the provider again", async () => {
      await page.goto(`${server.issuer}/signin?again=1&next=/tokens`);
      await page.getByRole("button", { name: "Continue with Acme" }).click();
      // prompt=login: although the browser has a session there.
      await page.getByPlaceholder("Enter any login").waitFor();
      await signInThere(page, "bob", { asksToContinue: false });
      await page.waitForURL(`${server.issuer}/tokens`);
    });

    await t.step("an address of a required domain leads to the provider", async () => {
      await operate(["update", "acme", "--required"]);
      const other = await newPage();
      await other.goto(`${server.issuer}/signin`);
      await other.getByLabel("E-mail address").fill("carol@acme.com");
      await other.getByRole("button", { name: "Sign in", exact: true }).click();
      await other.getByPlaceholder("Enter any login").waitFor();
      assert.ok(other.url().startsWith(issuer));
      // Break-glass administrators can use their password.
      await other.goto(`${server.issuer}/signin`);
      await other.getByLabel("E-mail address").fill("root@acme.com");
      await other.getByLabel(/^Password/).fill(ALICE.password);
      await other.getByRole("button", { name: "Sign in", exact: true }).click();
      await other.waitForURL(`${server.issuer}/`);
      assert.equal(await nameOf(other), "home");
    });

    await t.step("a response cannot be used in another browser", async () => {
      const victim = await newPage();
      await victim.goto(`${server.issuer}/signin`);
      const attacker = await newPage();
      const sent = attacker.waitForRequest(/\/signin\/upstream\/acme\/callback\?/);
      await attacker.goto(`${server.issuer}/signin`);
      await attacker.getByRole("button", { name: "Continue with Acme" }).click();
      await signInThere(attacker, "mallory");
      const callback = (await sent).url();
      await victim.goto(callback);
      assert.equal(await victim.locator("body").getAttribute("data-error"), "other_browser");
    });

    await t.step("a removed provider signs its users out", async () => {
      await operate(["remove", "acme"]);
      await page.goto(`${server.issuer}/tokens`);
      assert.equal(await nameOf(page), "sign_in");
    });
  });
}
