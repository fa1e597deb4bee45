/**
 * Second factors in the compiled program, with a real browser: an app is set up and used, a recovery
 * code replaces it, approvals and tokens that need a factor ask for it, and the operator requires one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../shared/exit_codes.ts";
import { PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { shownKey, shownRecoveryCodes, totpCode } from "../support/authenticator_app.ts";
import type { Account } from "../support/approver.ts";
import { type Ended, run, start } from "../support/binary.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { ALICE, type DatabaseName, everyDatabase, install } from "../support/installation.ts";
import { parseOutput } from "../support/output_schema.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const BOB: Account = { email: "bob@example.com", password: `${PASSWORD_MARK} to Bob` };
const CONFIG = `
[scopes]
read = "Read"
deploy = { description = "Deploy", factor = "2fa" }
`;
const LOGIN = "openid email offline_access read manage:tokens";

const onPage = (page: Page, name: string) => page.locator(`body[data-page="${name}"]`).waitFor();
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

async function enterPassword(page: Page, { email, password }: Account): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
}

/** On a page with a QR code; returns the key and the recovery codes. */
async function setUpApp(page: Page, button: string): Promise<{ key: string; codes: string[] }> {
  const image = page.locator("img.qr");
  await image.waitFor();
  const width = await page.evaluate("document.querySelector('img.qr').naturalWidth");
  assert.ok(Number(width) > 20, "the policy of the page allows the QR code");
  const key = shownKey(await page.content());
  await page.getByLabel("Code").fill(totpCode(key, Date.now()));
  await press(page, button);
  await onPage(page, "recovery_codes");
  const codes = shownRecoveryCodes(await page.content());
  assert.equal(codes.length, 10);
  await page.getByRole("link", { name: "I have saved the codes" }).click();
  return { key, codes };
}

for (const database of everyDatabase.filter((name) => name !== "PostgreSQL 14")) {
  Deno.test(`requires second factors where a user, a scope or the operator asks for one (${database})`, async (t) => {
    await testSecondFactors(t, database);
  });
}

async function testSecondFactors(t: Deno.TestContext, database: DatabaseName): Promise<void> {
  await using home = await temporaryHome();
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(config, CONFIG, { mode: 0o600 });
  await using server = await install({ database, args: ["--config", config] });
  const { issuer } = server;
  await server.addUser(BOB, "--name", "Bob Example");
  await using chromium = await openBrowser();
  const newPage = async () => {
    const page = await (await chromium.browser.newContext()).newPage();
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("status of 422")) {
        problems.push(message.text());
      }
    });
    return page;
  };
  const problems: string[] = [];
  const page = await newPage();
  let codes: string[] = [];

  await t.step("sets up an app, and signs in with it and with a recovery code", async () => {
    await page.goto(`${issuer}/account/security`);
    await enterPassword(page, BOB);
    await press(page, "Set up an authenticator app");
    const app = await setUpApp(page, "Set up");
    codes = app.codes;
    await onPage(page, "security");
    const other = await newPage();
    await other.goto(`${issuer}/tokens`);
    await enterPassword(other, BOB);
    await onPage(other, "second_factor");
    await other.goto(`${issuer}/tokens`);
    await onPage(other, "sign_in");
    await enterPassword(other, BOB);
    await other.getByLabel("Code").fill("000000");
    await press(other, "Sign in");
    await other.locator('[data-error="invalid"]').waitFor();
    // Of the next step, since the code of this one has set the app up.
    await other.getByLabel("Code").fill(totpCode(app.key, Date.now() + 30_000));
    await press(other, "Sign in");
    await onPage(other, "tokens");
    const third = await newPage();
    await third.goto(`${issuer}/account/security`);
    await enterPassword(third, BOB);
    await third.getByRole("link", { name: "Use a recovery code" }).click();
    await third.getByLabel("Recovery code").fill(codes[0].toUpperCase());
    await press(third, "Sign in");
    await onPage(third, "security");
    assert.match(await third.locator("#recovery-codes").innerText(), /9 recovery codes/);
  });

  const cli = async (...args: string[]): Promise<Ended> => await run(args, { env: home.env });
  const printed = ({ code, stdout, stderr }: Ended) => {
    assert.equal(code, EXIT.ok, stderr);
    return stdout.trim();
  };
  const verify = async (token: string, query: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${issuer}/auth/verify?${query}`, { headers });
    await response.body?.cancel();
    return { status: response.status, challenge: response.headers.get("www-authenticate") ?? "" };
  };
  const alice = await newPage();
  const loginWith = (scope: string) => [
    ...["login", "--server", issuer, "--no-browser", "--insecure-storage", "--scope", scope],
  ];

  await t.step(
    "asks for the factor of a scope on the spot, and returns to the approval",
    async () => {
      await using login = start(loginWith(LOGIN), { env: home.env });
      const [, code] = await login.waitFor(/Enter code:\s+(\S+)/);
      await server.alice.decide(code, "approve");
      assert.equal((await login.ended).code, EXIT.ok);
      const own = printed(await cli("token"));
      assert.equal((await verify(own, "acr=2fa")).status, 401);

      const asked = await cli("token", "--scope", "deploy");
      assert.equal(asked.code, EXIT.authenticationRequired, asked.stderr);
      const pending = parseOutput("token", asked.stderr.trim().split("\n").at(-1)!);
      await alice.goto(pending.verificationUriComplete);
      await enterPassword(alice, ALICE);
      await onPage(alice, "enter_code");
      await press(alice, "Continue");
      await onPage(alice, "sign_in");
      await enterPassword(alice, ALICE);
      await onPage(alice, "enroll_second_factor");
      await setUpApp(alice, "Continue");
      await onPage(alice, "enter_code");
      await press(alice, "Continue");
      await press(alice, "Approve");
      await onPage(alice, "approved");
      const token = printed(await cli("token", "--resume", pending.id));
      assert.equal((await verify(token, "scope=deploy&acr=2fa")).status, 200);
    },
  );

  await t.step("satisfies a challenge with acr_values (RFC 9470)", async () => {
    const own = printed(await cli("token"));
    const { status, challenge } = await verify(own, "acr=2fa&scope=read");
    assert.equal(status, 401);
    assert.match(challenge, /acr_values="2fa"/);
    const asked = await cli("token", "--challenge", challenge);
    const pending = parseOutput("token", asked.stderr.trim().split("\n").at(-1)!);
    await alice.goto(pending.verificationUriComplete);
    await press(alice, "Continue");
    await press(alice, "Approve");
    await onPage(alice, "approved");
    const token = printed(await cli("token", "--resume", pending.id));
    assert.equal((await verify(token, "acr=2fa&scope=read")).status, 200);
    assert.equal(printed(await cli("token", "--challenge", challenge)), token);
  });

  await t.step("creates personal access tokens after an approval with the factor", async () => {
    const create = ["pat", "create", "--name", "ci", "--scope", "deploy"];
    const refused = await cli(...create);
    assert.equal(refused.code, EXIT.authenticationRequired, refused.stderr);
    await using login = start(loginWith(`${LOGIN} deploy`), { env: home.env });
    const [, code] = await login.waitFor(/Enter code:\s+(\S+)/);
    await alice.goto(`${issuer}/device?user_code=${code}`);
    await press(alice, "Continue");
    await press(alice, "Approve");
    assert.equal((await login.ended).code, EXIT.ok);
    const token = printed(await cli(...create));
    assert.equal((await verify(token, "scope=deploy")).status, 200);
  });

  await t.step("makes everyone set one up once the operator requires it", async () => {
    await server.kill();
    await Deno.writeTextFile(config, `second_factor = "everyone"\n${CONFIG}`, { mode: 0o600 });
    await server.restart();
    const carol = { email: "carol@example.com", password: `${PASSWORD_MARK} to Carol` };
    await server.addUser(carol, "--name", "Carol");
    const required = await newPage();
    await required.goto(`${issuer}/tokens`);
    await enterPassword(required, carol);
    await onPage(required, "enroll_second_factor");
    await required.goto(`${issuer}/`);
    await onPage(required, "welcome");
    await required.goto(`${issuer}/signin/set-up`);
    await setUpApp(required, "Continue");
    await onPage(required, "tokens");
    const reset = await server.operate(["admin", "user", "reset-factors", BOB.email]);
    assert.equal(reset.code, EXIT.ok, reset.stderr);
    assert.match(reset.stdout, /authenticator app and 9 recovery codes/);
    const bob = await newPage();
    await bob.goto(`${issuer}/signin`);
    await enterPassword(bob, BOB);
    await onPage(bob, "enroll_second_factor");
  });
  assert.deepEqual(problems, []);
}
