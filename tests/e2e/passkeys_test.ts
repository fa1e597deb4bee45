/** Passkeys in the compiled program, with a real browser and its virtual authenticator. */
import assert from "node:assert/strict";
import { openBrowser, type Page } from "../support/browser.ts";
import { freePort } from "../support/free_port.ts";
import { ALICE, type DatabaseName, everyDatabase, install } from "../support/installation.ts";
import { addVirtualAuthenticator } from "../support/virtual_authenticator.ts";

/** A server at a name: browsers allow no passkeys at an IP address. */
async function installAtName(database: DatabaseName) {
  const port = freePort();
  return await install({ database, port, args: ["--issuer", `http://localhost:${port}`] });
}

/**
 * Without it in the address, a page suggests no passkeys, so that only its button uses one: the
 * virtual authenticator accepts suggestions immediately.
 */
const AUTOFILL = "autofill";
const AUTOFILL_ON_REQUEST =
  `if (globalThis.PublicKeyCredential && !location.search.includes("${AUTOFILL}")) {
  PublicKeyCredential.isConditionalMediationAvailable = undefined;
}`;

async function signInWithPassword(page: Page, issuer: string, next: string): Promise<void> {
  await page.goto(`${issuer}/signin?next=${encodeURIComponent(next)}`);
  await page.getByLabel("E-mail address").fill(ALICE.email);
  await page.getByLabel("Password").fill(ALICE.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${issuer}${next}`);
}

const noticeOf = (page: Page, code: string) => page.locator(`[data-notice="${code}"]`).waitFor();
const problemOf = (page: Page, code: string) => page.locator(`[data-error="${code}"]`).waitFor();
const signInButton = (page: Page) => page.getByRole("button", { name: "Sign in with a passkey" });

async function signInByButton(page: Page, issuer: string, next: string): Promise<void> {
  await page.goto(`${issuer}/signin?other=1&next=${encodeURIComponent(next)}`);
  await signInButton(page).click();
}

for (const database of everyDatabase.filter((name) => name !== "PostgreSQL 14")) {
  Deno.test(`registers passkeys and signs in with them (${database})`, async (t) => {
    await using server = await installAtName(database);
    const { issuer } = server;
    await using chromium = await openBrowser();
    const context = await chromium.browser.newContext();
    await context.addInitScript(AUTOFILL_ON_REQUEST);
    const complaints: string[] = [];
    context.on("weberror", (error) => complaints.push(String(error.error())));
    const page = await context.newPage();
    const authenticator = await addVirtualAuthenticator(page);

    await t.step("adds a passkey, and names it after the browser", async () => {
      await signInWithPassword(page, issuer, "/account/security");
      await page.getByRole("link", { name: "Add a passkey" }).click();
      await page.getByRole("button", { name: "Add passkey" }).click();
      await noticeOf(page, "passkey_added");
      assert.equal(await authenticator.count(), 1);
      const row = page.locator("#passkeys tbody tr");
      assert.match(await row.innerText(), /Chrome on Linux[^]*Never/);
    });
    await t.step("asks for the passkey before the sign-in methods are changed again", async () => {
      await page.goto(`${issuer}/account/passkeys/add`);
      await signInButton(page).click();
      await page.waitForURL(`${issuer}/account/passkeys/add`);
    });
    await t.step("says that the authenticator has a passkey already", async () => {
      await page.getByRole("button", { name: "Add passkey" }).click();
      await page.getByRole("alert").filter({ hasText: "already has a passkey" }).waitFor();
      assert.equal(await authenticator.count(), 1);
    });
    await t.step("signs in with the button, and without typing a name", async () => {
      await context.clearCookies();
      await signInByButton(page, issuer, "/tokens");
      await page.waitForURL(`${issuer}/tokens`);
    });
    await t.step("signs in with the suggestion at the e-mail address", async () => {
      await context.clearCookies();
      await page.goto(`${issuer}/signin?${AUTOFILL}&next=/account/security`);
      await page.waitForURL(`${issuer}/account/security`);
      assert.match(await page.locator("#passkeys tbody tr").innerText(), /just now|seconds ago/);
    });
    await t.step("signs in again with a passkey of the same account", async () => {
      await page.goto(`${issuer}/signin?again=1&next=/devices`);
      await signInButton(page).click();
      await page.waitForURL(`${issuer}/devices`);
    });
    await t.step("needs the passkey after the password", async () => {
      await context.clearCookies();
      await page.goto(`${issuer}/signin?next=/devices`);
      await page.getByLabel("E-mail address").fill(ALICE.email);
      await page.getByLabel("Password").fill(ALICE.password);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("button", { name: "Use a passkey" }).click();
      await page.waitForURL(`${issuer}/devices`);
    });
    await t.step("rejects a user whom the authenticator did not verify", async () => {
      await authenticator.setUserVerified(false);
      await signInByButton(page, issuer, "/tokens");
      await page.getByRole("alert").filter({ hasText: "No passkey was used" }).waitFor();
      await authenticator.setUserVerified(true);
    });
    await t.step("renames a passkey, and removes one that is not the only method", async () => {
      await page.goto(`${issuer}/account/security`);
      await page.getByRole("button", { name: "Rename Chrome on Linux" }).click();
      await page.getByLabel("Name").fill("Work laptop");
      await page.getByRole("button", { name: "Rename passkey" }).click();
      await noticeOf(page, "passkey_renamed");
      await page.getByRole("button", { name: "Remove Work laptop" }).click();
      await page.getByRole("button", { name: "Remove passkey" }).click();
      await noticeOf(page, "passkey_removed");
      await signInByButton(page, issuer, "/tokens");
      await problemOf(page, "passkey_unknown");
    });
    await t.step("a new user chooses a passkey in place of a password", async () => {
      await context.clearCookies();
      await authenticator.clear();
      const added = await server.operate(["admin", "user", "add", "bob@example.com", "--invite"]);
      const [path] = /\/password\/choose\S+/.exec(added.stdout + added.stderr)!;
      const link = issuer + path;
      await page.goto(link);
      await page.getByRole("button", { name: "Use a passkey instead" }).click();
      await noticeOf(page, "passkey_added");
      await page.goto(link);
      await problemOf(page, "password_link_used");
      await signInByButton(page, issuer, "/account/security");
      await page.waitForURL(`${issuer}/account/security`);
    });
    await t.step("does not remove the only way to sign in", async () => {
      await page.getByRole("button", { name: /^Remove/ }).click();
      await page.getByRole("button", { name: "Remove passkey" }).click();
      await problemOf(page, "last_method");
    });
    await t.step("blocks a passkey of which there is a copy", async () => {
      await authenticator.setSignCount(0);
      await signInByButton(page, issuer, "/tokens");
      await problemOf(page, "passkey_blocked");
      await authenticator.setSignCount(1000);
      await signInByButton(page, issuer, "/tokens");
      await problemOf(page, "passkey_blocked");
    });
    assert.deepEqual(complaints, [], "nothing breaks the Content-Security-Policy");
  });
}
