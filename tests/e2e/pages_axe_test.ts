/**
 * Every page in a real browser, on a phone with the dark theme and on a desktop with the light
 * one: axe-core reports nothing, nothing overflows the screen, and there is no script except those
 * of server/pages/assets.
 * Name a folder in PAGE_PICTURES to get a picture of each.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import axe from "axe-core";
import { addClient } from "../../server/admin/client_operations.ts";
import { createUserAddressLink } from "../../server/admin/address_link_operations.ts";
import { createUserPasswordLink } from "../../server/admin/password_link_operations.ts";
import { DomainError } from "../../server/domain_error.ts";
import { hashPassword } from "../../server/security/password_hash.ts";
import { createSetupLink } from "../../server/store/setup_links.ts";
import { insertPersonalAccessToken } from "../../server/store/pats/write.ts";
import { setOwner } from "../../server/store/owners.ts";
import { createServiceAccount } from "../../server/store/service_accounts.ts";
import { createUser, listUsers } from "../../server/store/users.ts";
import { USER_CODE_LIMITS } from "../../server/security/rate_limit.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { managementResource } from "../../shared/management.ts";
import { shownKey, totpCode } from "../support/authenticator_app.ts";
import { WIDEST_MANAGEMENT_SCOPES } from "../support/management_scopes.ts";
import { requestPath } from "../support/authorization.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { databaseKinds } from "../support/databases.ts";
import { addUserWithPassword } from "../support/person.ts";
import { seedBelongings } from "../support/seed_belongings.ts";
import { serveSite } from "../support/site.ts";
import { type TestServer, testServer } from "../support/test_server.ts";
import { addTrustRequest } from "../support/trust_requests.ts";

const PASSWORD = "a calm and long pass phrase";
const looks = [
  { width: 390, height: 844, colorScheme: "dark" },
  { width: 1280, height: 900, colorScheme: "light" },
] as const;
const pictures = Deno.env.get("PAGE_PICTURES");
const morePictures = pictures === undefined ? [] : [
  { width: 390, height: 844, colorScheme: "light" },
  { width: 1280, height: 900, colorScheme: "dark" },
] as const;

type Visit = (server: TestServer, url: string, page: Page, look: Look) => Promise<void>;

const VISITS: Record<string, Visit> = {
  "no page has accessibility errors": walk,
  "no page about users has accessibility errors": walkPeople,
};

for (const [sentence, visit] of Object.entries(VISITS)) {
  for (const size of [...looks, ...morePictures]) testVisit(sentence, visit, size);
}

function testVisit(
  sentence: string,
  visit: Visit,
  { width, height, colorScheme }: {
    width: number;
    height: number;
    colorScheme: "light" | "dark";
  },
): void {
  Deno.test(`${sentence} (${width} px wide, ${colorScheme})`, async () => {
    await using database = await databaseKinds[0].create();
    await using server = await testServer(database.location, (config) => {
      config.trustedProxies = ["127.0.0.1"];
      config.scopes.push({ name: "deploy", description: "Put new versions into production" });
    });
    await using site = serveSite(server);
    await using chromium = await openBrowser();
    const context = await chromium.browser.newContext({
      viewport: { width, height },
      colorScheme,
      extraHTTPHeaders: { "x-forwarded-for": "203.0.113.9" },
    });
    const page = await context.newPage();
    let count = 0;
    const look = async (name: string, pageName: string) => {
      // With its style sheet and scripts, on which the width and the buttons depend.
      await page.waitForLoadState();
      const body = page.locator("body");
      const shownPage = await body.getAttribute("data-error") ??
        await body.getAttribute("data-page");
      assert.equal(shownPage, pageName, name);
      const copyButtons =
        ["token_created", "client_secret", "directory_token", "link_to_hand_over"].includes(
            pageName,
          )
          ? 1
          : 0;
      assert.equal(await page.locator("script").count(), 1 + copyButtons, name);
      assert.equal(await page.getByRole("button", { name: "Copy" }).count(), copyButtons, name);
      const beside = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      assert.equal(beside, 0, `${name} scrolls sideways`);
      assert.deepEqual(await page.evaluate(CUT_CHOICES), [], `${name} cuts text off`);
      if ((await page.title()).startsWith("Error: ")) await lookAtErrors(page, name);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      const violationIds = violations.map(({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" ")}`
      );
      assert.deepEqual(violationIds, [], name);
      if (width < 500) await lookAtNarrowest(page, name);
      count++;
      if (pictures === undefined) return;
      const file = `${String(count).padStart(2, "0")}-${name}-${width}-${colorScheme}.png`;
      await page.screenshot({ path: join(pictures, file), fullPage: true });
    };
    await visit(server, site.url, page, look);
  });
}

/** The narrowest screen that WCAG 2.2 (1.4.10) asks for: 320 px. */
async function lookAtNarrowest(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ ...size, width: 320 });
  const wide = await page.evaluate<string[]>(`
    document.documentElement.scrollWidth === document.documentElement.clientWidth ? [] :
      [...document.body.querySelectorAll("*")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.cloneNode(false).outerHTML)`);
  assert.deepEqual(wide, [], `${name} scrolls sideways at 320 px`);
  await page.setViewportSize(size);
}

/** As long as a scope parameter may be. */
const SCOPES = Array.from({ length: 25 }, (_, index) => `permission${index}`).join(" ").slice(
  0,
  250,
);

/** Ids of fields whose choices are cut off: as wide as their text, they would be wider. */
const CUT_CHOICES = `[...document.querySelectorAll("select")].filter((field) => {
  const free = field.cloneNode(true);
  free.style.width = "max-content";
  free.style.position = "absolute";
  field.after(free);
  const wanted = free.offsetWidth;
  free.remove();
  return wanted > field.offsetWidth;
}).map(({ id }) => id)`;

/** The summary of errors has the focus and is on the screen; its links lead to the fields. */
async function lookAtErrors(page: Page, name: string): Promise<void> {
  // A browser moves the focus when it draws the page, which may be after it has loaded.
  await page.locator("#problems:focus").waitFor();
  const visible = await page.evaluate<boolean>(`(() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  })()`);
  assert.ok(visible, `${name}: the errors are off the screen`);
  for (const link of await page.getByRole("alert").getByRole("link").all()) {
    const field = (await link.getAttribute("href"))!.slice(1);
    await link.click();
    assert.equal(await page.evaluate("document.activeElement.id"), field, name);
    assert.ok(await page.locator(`#${field}`).isVisible());
  }
}

/** `pageName` is the page's `data-error` or `data-page`. */
type Look = (name: string, pageName: string) => Promise<void>;

/** Users, as administrators see them, and the own account. */
async function walkPeople(server: TestServer, url: string, page: Page, look: Look): Promise<void> {
  const { parts, clock } = server;
  const { sql } = parts;
  const go = (path: string) => page.goto(url + path);
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  const open = (name: string) => page.getByRole("link", { name, exact: true }).click();
  const notice = () => page.locator("[data-notice]").getAttribute("data-notice");
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const hostile = "Bob <b>Hostile</b> \u202e" + "W".repeat(500);
  const bob = await addUserWithPassword(server, `${"b".repeat(200)}@example.com`, hostile);
  await sql`update users set disabled_at = now() where id = ${bob.id}`;
  const carol = await addUserWithPassword(server, "carol@example.com", "Carol Danvers");
  const id = (last: number) => `00000000-0000-4000-8000-0000000000${10 + last}`;
  for (const first of [0, 3]) {
    const now = new Date(clock.now());
    const ids = { session: id(first), login: id(first + 1), token: id(first + 2) };
    await seedBelongings(sql, { userId: carol.id, now, ...ids });
  }
  for (const [source, group] of [["local", "deployers"], ["scim:okta", "W".repeat(180)]]) {
    await sql`
      insert into group_memberships (user_id, source, name)
      values (${carol.id}, ${source}, ${group})`;
  }
  await sql`
    insert into recovery_codes (user_id, code_hash, created_at)
    values (${carol.id}, 'x', ${new Date(clock.now())})`;
  for (let count = 10; count < 40; count++) {
    await addUserWithPassword(server, `user${count}@example.com`, `User ${count}`);
  }
  await go("/signin");
  await page.getByLabel("E-mail address").fill("alice@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await press("Sign in");

  await go("/admin/people");
  await look("people", "people");
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link").first().click();
  await look("people-second", "people");
  await go("/admin/people");
  await page.getByLabel("Name or e-mail address").fill("nothing");
  await press("Apply");
  await look("people-none", "people");
  await go("/admin/people?sort=-email&state=enabled&role=user");
  await look("people-sorted", "people");
  await go("/admin/people/invite");
  await look("person-invite", "invite_person");
  await page.getByLabel("E-mail address", { exact: true }).fill("carol@example.com");
  await press("Invite person");
  await look("person-invite-taken", "invite_person");
  await page.getByLabel("E-mail address", { exact: true }).fill("dora@example.com");
  await press("Invite person");
  await look("person-link", "link_to_hand_over");
  await open("Done");
  await look("person-invited", "person");
  await go(`/admin/people/${alice.id}`);
  await look("person-self", "person");
  await go(`/admin/people/${bob.id}`);
  await look("person-disabled", "person");
  await go(`/admin/people/${carol.id}`);
  await look("person", "person");
  await open("Edit");
  await look("person-edit", "edit_person");
  await page.getByLabel("Name", { exact: true }).fill(" ");
  await press("Save");
  await look("person-edit-wrong", "edit_person");
  await go(`/admin/people/${carol.id}`);
  for (
    const [link, name, pageName] of [
      ["Link to choose a password", "person-password-link", "create_password_link"],
      ["Link to confirm another address", "person-address-link", "create_address_link"],
      ["Remove second factors", "person-factors", "reset_factors"],
      ["Sign out all browsers", "person-sign-out", "sign_out_person"],
      ["Revoke all logins", "person-revoke-logins", "revoke_login_of_person"],
      ["Revoke all tokens", "person-revoke-tokens", "revoke_all_tokens"],
      ["Disable account", "person-disable", "disable_person"],
      ["Delete account", "person-delete", "delete_person"],
    ]
  ) {
    await go(`/admin/people/${carol.id}`);
    await open(link);
    await look(name, pageName);
  }
  await go(`/admin/people/${carol.id}`);
  await page.getByRole("button", { name: "Sign out" }).nth(1).click();
  await look("person-sign-out-one", "sign_out_person");
  await press("Sign out browser");
  assert.equal(await notice(), "person_signed_out");
  await page.getByRole("button", { name: /^Revoke the login/ }).first().click();
  await look("person-revoke-login", "revoke_login_of_person");
  await page.getByRole("checkbox").check();
  await press("Revoke login");
  assert.equal(await notice(), "person_logins_revoked");
  await createServiceAccount(sql, { name: "deployer", scope: "deploy", now: new Date() });
  await setOwner(sql, { kind: "service-account", name: "deployer", ownerId: carol.id });
  await open("Offboard");
  await look("person-offboard", "offboard_person");
  await page.getByLabel("New owner").fill("nobody@example.com");
  await press("Disable account");
  await look("person-offboard-unknown", "offboard_person");
  await open("Cancel");
  await go("/admin/audit");
  await page.locator("summary").nth(1).click();
  await look("audit", "audit");
  await go("/admin/audit?since=soon&event=nothing");
  await look("audit-wrong", "audit");
  await go("/admin/audit?event=nothing");
  await look("audit-none", "audit");
  await go("/admin/audit/history");
  await look("audit-history-form", "audit_history");
  await page.getByLabel("Token, login or CI run").fill("nothing");
  await press("Show history");
  await look("audit-history-unknown", "audit_history");
  const [login] = await sql<{ id: string }[]>`select id from refresh_token_families limit 1`;
  await go(`/admin/audit/history?of=${login.id}`);
  await look("audit-history", "audit_history");
  await go("/admin/health");
  await look("health", "health");
  await go("/admin/owners");
  await look("owners", "owners");
  await page.getByRole("link", { name: "Change" }).first().click();
  await look("owner-change", "change_owner");
  await go(`/admin/people/${carol.id}`);
  await open("Disable account");
  await press("Disable account");
  assert.equal(await notice(), "person_disabled");
  await open("Enable account");
  await look("person-enable", "enable_person");
  await press("Enable account");
  assert.equal(await notice(), "person_enabled");

  await go("/account");
  await look("account", "account");
  await open("Change name");
  await look("account-name", "change_name");
  await page.getByLabel("Name", { exact: true }).fill("\u3164");
  await press("Save");
  await look("account-name-wrong", "change_name");
  await go("/account/email");
  await look("account-email-without-mail", "ask_administrator");
  parts.config.mail = { url: "smtp://127.0.0.1:9", from: "Example <auth@example.test>" };
  await go("/admin/people/invite");
  await look("person-invite-by-mail", "invite_person");
  await go("/account/email");
  await look("account-email", "change_email");
  await page.getByLabel("New e-mail address").fill("alice@example.com");
  await press("Send link");
  await look("account-email-wrong", "change_email");
  await page.getByLabel("New e-mail address").fill("alice@example.org");
  await press("Send link");
  await look("account-email-sent", "address_requested");
  const created = await createUserAddressLink(parts, {
    email: alice.id,
    newEmail: "alice@example.org",
    link: { lifetimeSeconds: 3600, mail: false },
  });
  if (created instanceof DomainError) throw created;
  const { pathname, search } = new URL(created.link.url!);
  await go(pathname + search);
  await look("account-email-confirm", "confirm_address");
  await press("Change address");
  assert.equal(await notice(), "address_changed");
  await go(pathname + search);
  await look("account-email-used", "address_link_unusable");
}

/** What users see who forgot their password, with and without a mail server. */
async function lookAtPasswordLinks(
  { parts }: TestServer,
  go: (path: string) => Promise<unknown>,
  page: Page,
  look: Look,
): Promise<void> {
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  await go("/signin");
  await page.getByRole("link", { name: "Forgot password?" }).click();
  await look("forgot-password-without-mail", "ask_administrator");
  parts.config.mail = { url: "smtp://127.0.0.1:9", from: "Example <auth@example.test>" };
  await go("/password/forgot");
  await look("forgot-password", "forgot_password");
  await page.getByLabel("E-mail address").fill("nobody@example.com");
  await press("Send link");
  await look("forgot-password-sent", "reset_requested");
  const created = await createUserPasswordLink(parts, {
    email: "alice@example.com",
    link: { lifetimeSeconds: 3600, mail: false },
  });
  if (created instanceof DomainError) throw created;
  const { pathname, search } = new URL(created.link.url!);
  await go(pathname + search);
  await look("choose-password", "choose_password");
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm new password").fill(`${PASSWORD}s`);
  await press("Change password");
  await look("choose-password-wrong", "choose_password");
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm new password").fill(PASSWORD);
  await press("Change password");
  await look("password-chosen", "sign_in");
  await go(pathname + search);
  await look("password-link-used", "password_link_used");
  await go("/password/choose?token=x");
  await look("password-link-invalid", "invalid_password_link");
  parts.config.mail = undefined;
}

/** A login in the browser, for an app that is not installed: the browser stays. */
async function walkAuthorization(
  server: TestServer,
  go: (path: string) => Promise<unknown>,
  page: Page,
  look: Look,
): Promise<void> {
  const added = await addClient(server.parts, {
    id: "acme-desktop",
    name: "Acme Desktop <b>" + "W".repeat(70),
    homepage: "https://acme.example/desktop",
    grants: ["code"],
    redirectUris: [
      "com.acme.desktop.with.a.rather.long.name:/callback",
      "https://acme.example/callback",
    ],
    consent: "remember",
  });
  if (added instanceof DomainError) throw added;
  // The browser stays on the page that leaves. A dialog about opening an app would swallow clicks.
  await page.route("https://acme.example/**", (route) => route.abort("aborted"));
  const arrive = (name: string) => page.locator(`body[data-page="${name}"]`).waitFor();
  const app = { client_id: "acme-desktop", redirect_uri: added.redirectUris[0] };
  await go(requestPath({ login_name: "alice-laptop (Linux)" }));
  await look("authorize", "consent");
  await go(requestPath({ ...app, login_hint: "bob@example.com" }));
  await look("authorize-other-account", "consent");
  await page.getByRole("link", { name: "Use another account" }).click();
  await look("authorize-choose-account", "sign_in");
  const id = "https://agent.example/client.json";
  const redirectUri = "http://127.0.0.1:4711/callback";
  const document = { client_id: id, client_name: "Agent", redirect_uris: [redirectUri] };
  server.parts.config.clientDocuments = { allow: "on" };
  server.outgoing = () => Promise.resolve(Response.json(document));
  await go(requestPath({ client_id: id, redirect_uri: redirectUri }));
  await look("authorize-document", "consent");
  await page.locator("#unregistered-warning").waitFor();
  server.outgoing = undefined;
  await go(requestPath({ ...app, redirect_uri: "https://evil.example/" }));
  await look("authorize-unregistered", "unregistered_redirect");
  await go(requestPath({ ...app, redirect_uri: added.redirectUris[1] }));
  await page.getByRole("button", { name: "Approve" }).click();
  await arrive("leave");
  await look("authorize-leave", "leave");
  await go("/devices");
  await look("consents", "devices");
  await page.getByRole("button", { name: "Withdraw" }).click();
  await arrive("withdraw_consent");
  await look("consent-withdraw", "withdraw_consent");
  await page.getByRole("button", { name: "Withdraw approval" }).click();
  await arrive("devices");
}

/** One visit to every page there is, in every state worth a look. */
async function walk(server: TestServer, site: string, page: Page, look: Look): Promise<void> {
  const { parts, clock } = server;
  const { sql } = parts;
  const go = (path: string) => page.goto(site + path);
  const notice = () => page.locator("[data-notice]").getAttribute("data-notice");
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  const startLogin = async (address: string, agent: string, more: Record<string, string> = {}) => {
    const response = await fetch(`${site}/oauth/device/authorize`, {
      method: "POST",
      headers: { "x-forwarded-for": address, "user-agent": agent },
      body: new URLSearchParams({
        client_id: brand.cliClientId,
        scope: "openid profile email offline_access deploy",
        login_name: "alice-laptop (Linux)",
        ...more,
      }),
    });
    return await response.json() as { user_code: string; device_code: string };
  };
  const signInAgain = async () => {
    await go("/signin");
    await page.getByLabel("E-mail address").fill("alice@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await press("Sign in");
  };
  const agent = `${brand.binaryName}/1.4.0 (linux; x86_64)`;

  await go("/");
  await look("not-set-up", "not_set_up");
  await go("/setup?token=wrong");
  await look("setup-link-wrong", "invalid_setup_link");
  await go(`/setup?token=${await createSetupLink(sql, clock)}`);
  await look("setup", "setup");
  await page.getByLabel("Your name").fill("Alice Example");
  await page.getByLabel("E-mail address").fill("alice@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm password").fill(`${PASSWORD}s`);
  await press("Create account");
  await look("setup-wrong", "setup");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm password").fill(PASSWORD);
  await press("Create account");
  await look("home-new", "home");
  await page.locator("details.account summary").click();
  await look("account-menu", "home");
  await page.getByRole("link", { name: "Sign-in methods" }).click();
  await look("security", "security");
  await press("Set up an authenticator app");
  await look("app", "set_up_app");
  await page.getByLabel("Code").fill("000000");
  await press("Set up");
  await look("app-wrong", "set_up_app");
  const key = shownKey(await page.content());
  await page.getByLabel("Code").fill(totpCode(key, clock.now()));
  await press("Set up");
  await look("recovery-codes", "recovery_codes");
  await page.getByRole("link", { name: "I have saved the codes" }).click();
  await look("security-with-app", "security");
  // This session started without the app.
  await page.getByRole("link", { name: "Create new recovery codes" }).click();
  await look("sign-in-with-app", "sign_in");
  await page.getByLabel("E-mail address").fill("alice@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await press("Sign in");
  await look("second-factor", "second_factor");
  clock.advance({ minutes: 1 });
  await page.getByLabel("Code").fill("000000");
  await press("Sign in");
  await look("second-factor-wrong", "second_factor");
  await page.getByRole("link", { name: "Use a recovery code" }).click();
  await look("recovery-code", "second_factor");
  await page.getByRole("link", { name: "Use your authenticator app" }).click();
  await page.getByLabel("Code").fill(totpCode(key, clock.now()));
  await press("Sign in");
  await page.getByRole("link", { name: "Create new recovery codes" }).click();
  await look("new-recovery-codes", "create_recovery_codes");
  await go("/account/security/app/remove");
  await look("remove-app", "remove_app");
  await press("Remove app");
  await page.getByRole("link", { name: "Change password" }).click();
  await look("change-password", "change_password");
  await page.getByLabel("Current password").fill("wrong");
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm new password").fill(PASSWORD);
  await press("Change password");
  await look("change-password-wrong", "change_password");
  await page.locator("details.account summary").click();
  await press("Sign out");
  await look("welcome", "welcome");
  await lookAtPasswordLinks(server, go, page, look);

  const started = await startLogin("203.0.113.9", agent);
  await go(`/device?user_code=${started.user_code}`);
  await look("sign-in", "sign_in");
  await page.getByLabel("E-mail address").fill("alice@example.com");
  await page.getByLabel("Password").fill("wrong");
  await press("Sign in");
  await look("sign-in-wrong", "sign_in");
  await page.getByLabel("Password").fill(PASSWORD);
  await press("Sign in");
  await look("code-filled-in", "enter_code");
  clock.advance({ minutes: 2 });
  await press("Continue");
  await look("confirm", "approve_login");
  await press("Approve");
  await look("approved", "approved");
  clock.advance({ seconds: 6 });
  const redeemed = await fetch(`${site}/oauth/token`, {
    method: "POST",
    headers: { "user-agent": agent },
    body: new URLSearchParams({
      grant_type: DEVICE_CODE_GRANT,
      client_id: brand.cliClientId,
      device_code: started.device_code,
    }),
  });
  await redeemed.json();
  clock.advance({ hours: 3 });
  await go("/");
  await look("home", "home");
  await page.keyboard.press("Tab");
  await page.getByRole("link", { name: "Skip to content" }).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#content:focus").waitFor();

  await walkAuthorization(server, go, page, look);

  await walkTrustRequests(server, { go, look, notice, press, page });
  await walkTrust({ go, look, notice, press, page });
  await walkDirectories({ go, look, notice, press, page });
  await walkClients({ go, look, notice, press, page }, server);
  await walkIdentityProviders({ go, look, notice, press, page });
  await walkResources({ go, look, notice, press, page });
  await walkGroups({ go, look, notice, press, page });

  await go("/tokens");
  await look("tokens-none", "tokens");
  await page.getByRole("link", { name: "Create token" }).click();
  await look("token-new", "create_token");
  await page.getByLabel("Name", { exact: true }).fill("Nightly build of the shop");
  await page.getByLabel("Put new versions into production").check();
  await page.getByLabel("Allowed IP addresses").fill("nowhere");
  await page.getByLabel("Expires", { exact: true }).selectOption("until");
  await press("Create token");
  await look("token-refused", "create_token");
  await page.getByLabel("Expires", { exact: true }).selectOption("2592000");
  await page.getByLabel("Allowed IP addresses").fill("203.0.113.0/24\n2001:db8::/32");
  assert.equal(await page.getByLabel("Expiration date").count(), 1);
  assert.equal(await page.getByLabel("Expiration date").isVisible(), false);
  await press("Create token");
  await look("token-made", "token_created");
  const secret = await page.getByLabel("Token", { exact: true }).inputValue();
  const selected = () => page.evaluate<string>("getSelection().toString()");
  await page.locator(".secret span").click();
  assert.equal(await selected(), secret, "a click selects the token whole");
  await page.locator("h1").click();
  assert.equal(await selected(), "");
  await page.locator(".breadcrumbs a").last().focus();
  await page.keyboard.press("Tab");
  assert.equal(await selected(), secret, "the tab key selects the token whole");
  await page.reload();
  await look("token-made-already", "already_created");
  await makeTokens(server);
  const uses = { headers: { authorization: `Bearer ${secret}`, "x-forwarded-for": "203.0.113.9" } };
  assert.equal((await fetch(`${site}/auth/verify`, uses)).status, 200);
  await parts.tokenValidator.lastUsed.flush();
  clock.advance({ days: 24 });
  await signInAgain();
  await go("/tokens");
  await look("tokens", "tokens");
  await page.getByLabel("Name or prefix").fill("shop");
  await press("Search");
  await look("tokens-found", "tokens");
  await page.getByRole("link", { name: "Nightly build of the shop", exact: true }).click();
  await look("token", "token");
  await page.getByRole("link", { name: "Edit token" }).click();
  await look("token-edit", "edit_token");
  await page.goBack();
  await page.getByRole("link", { name: "Rotate" }).click();
  await look("token-rotate", "rotate_token");
  await press("Rotate token");
  await look("token-rotated", "token_created");
  await go("/admin/tokens");
  await look("admin-tokens", "admin_tokens");
  await page.getByRole("link", { name: /Revoke the token WWW/ }).click();
  await look("token-revoke-hostile", "revoke_token");
  await press("Revoke token");
  await go("/admin/tokens");
  await page.getByRole("link", { name: "Next page" }).click();
  await page.getByRole("link", { name: "Previous page" }).waitFor();
  await look("admin-tokens-second", "admin_tokens");
  await page.getByRole("link", { name: "alice@example.com" }).first().click();
  await look("admin-tokens-of-one", "admin_tokens");
  await page.getByRole("link", { name: "Revoke all tokens of this owner" }).click();
  await look("token-revoke-all", "revoke_all_tokens");
  await page.getByRole("link", { name: "Cancel" }).click();
  await go("/api/docs");
  await look("api-docs", "api_docs");
  await page.getByRole("link", { name: "CreatedToken" }).first().click();
  await page.locator("#schema-CreatedToken").filter({ visible: true }).waitFor();
  await go("/");
  await look("home-tokens", "home");
  // The other browser stays signed in, unattended.
  await page.context().clearCookies();
  await signInAgain();
  await go("/devices");
  await look("devices", "devices");
  const issuedAt = new Date(clock.now());
  const expiresAt = new Date(clock.now() + 2_400_000);
  for (const [actor, scope] of [["Claude Code", "deploy"], ["report.sh ".repeat(8), SCOPES]]) {
    await sql`
      insert into delegated_tokens (
        id, login_id, actor_name, scope, resource, address, user_agent, created_at, expires_at
      )
      select gen_random_uuid(), id, ${actor}, ${scope}, ${site}, '203.0.113.7', '', ${issuedAt},
        ${expiresAt}
      from refresh_token_families where revoked_at is null`;
  }
  await go("/devices");
  await look("devices-narrow-tokens", "devices");
  await page.getByRole("button", { name: "Revoke the narrow token of Claude Code" }).first()
    .click();
  await look("narrow-token-revoke", "revoke_narrow_token");
  await press("Revoke narrow token");
  assert.equal(await notice(), "narrow_token_revoked");
  await sql`delete from delegated_tokens`;
  await go("/devices");
  await page.getByRole("button", { name: /^Rename the login/ }).first().click();
  await look("login-rename", "rename_login");
  await page.getByLabel("Name", { exact: true }).fill(" ");
  await press("Save name");
  await look("login-rename-refused", "rename_login");
  await page.getByLabel("Name", { exact: true }).fill("Work laptop");
  await press("Save name");
  assert.equal(await notice(), "login_renamed");
  await look("login-renamed", "devices");
  await page.getByRole("button", { name: "Revoke the login Work laptop" }).click();
  await page.waitForURL(/[?&]login=/);
  const ending = new URL(page.url()).searchParams.get("login");
  await sql`update personal_access_tokens set created_by_login = ${ending}`;
  await page.goto(page.url());
  await look("login-end", "revoke_login");
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Sign out .* from/ }).first().click();
  await look("session-end", "sign_out_browser");
  await press("Sign out browser");
  assert.equal(await notice(), "browser_signed_out");
  await look("session-ended", "devices");
  await page.getByRole("link", { name: "Revoke all except this browser" }).click();
  await look("logins-end-all", "revoke_all_logins");

  await go("/device");
  await look("code", "enter_code");
  await page.getByLabel("Code").fill("WRNG");
  await press("Continue");
  await look("code-malformed", "enter_code");
  const far = await startLogin("198.51.100.77", "<b>long</b> ".repeat(40));
  await page.getByLabel("Code").fill(far.user_code.toLowerCase().replace("-", " "));
  await press("Continue");
  await look("confirm-elsewhere", "approve_login");
  const confirm = page.url();
  await press("Deny");
  await look("denied", "denied");
  await page.goto(confirm);
  await look("answered-already", "request_gone");
  const deploy = parts.config.scopes.find(({ name }) => name === "deploy")!;
  deploy.deviceFlow = ["same-network"];
  const restricted = await startLogin("198.51.100.77", agent);
  await go(`/device?user_code=${restricted.user_code}`);
  await press("Continue");
  await look("confirm-restricted", "approve_login");
  delete deploy.deviceFlow;
  await press("Deny");
  const managing = await startLogin("203.0.113.9", agent, {
    scope: `${WIDEST_MANAGEMENT_SCOPES.join(" ")} deploy`,
    resource: managementResource(site),
  });
  await go(`/device?user_code=${managing.user_code}`);
  await press("Continue");
  await look("confirm-managing", "approve_management");
  await press("Deny");
  const [{ id: sid }] = await sql`
    select id from refresh_token_families where revoked_at is null
    order by created_at desc limit 1`;
  const further = await startLogin("203.0.113.9", agent, { scope: "deploy", sid });
  await go(`/device?user_code=${further.user_code}`);
  await press("Continue");
  await look("confirm-further", "approve_further");
  await press("Deny");

  clock.advance({ minutes: 2 });
  parts.config.deviceFlow.freshSignInSeconds = 60;
  await go("/device");
  await look("sign-in-again", "sign_in");
  parts.config.deviceFlow.freshSignInSeconds = undefined;
  parts.config.deviceFlow.enabled = false;
  await go("/device");
  await look("switched-off", "device_flow_disabled");
  parts.config.deviceFlow.enabled = true;
  await go("/nothing");
  await look("no-such-page", "page_not_found");
  await go("/device");
  await page.getByLabel("Code").fill("BCDFGHJK");
  await page.context().clearCookies();
  await press("Continue");
  await look("forged", "csrf");

  const hostile = `<script>alert(1)</script>\u202e${"W".repeat(10_000)}`;
  const passwordHash = await hashPassword(PASSWORD);
  const now = new Date(clock.now());
  const email = `${"w".repeat(200)}@example.com`;
  await createUser(sql, { email, name: hostile, passwordHash, isAdmin: false, now });
  await go("/signin?next=/device");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await press("Sign in");
  await page.getByLabel("Code").fill((await startLogin("2001:db8::1", agent)).user_code);
  await press("Continue");
  await look("confirm-hostile-name", "approve_login");
  for (let guess = 0; guess <= USER_CODE_LIMITS.account.limit; guess++) {
    await go("/device");
    await page.getByLabel("Code").fill("BCDF-GHJK");
    await press("Continue");
    if (guess === 0) await look("code-unknown", "enter_code");
  }
  await look("throttled", "rate_limited");
}

/** What walks through a part of the dashboard. */
interface Walk {
  go: (path: string) => Promise<unknown>;
  look: Look;
  notice: () => Promise<string | null>;
  press: (name: string) => Promise<void>;
  page: Page;
}

/** Adds, edits, disables and removes a trust rule. */
async function walkTrust({ go, look, notice, press, page }: Walk): Promise<void> {
  await go("/admin/trust");
  await look("trust-none", "trust");
  await page.getByRole("link", { name: "Add rule" }).click();
  await look("trust-provider", "trust_provider");
  await page.getByRole("link", { name: /^Kubernetes/ }).click();
  await look("trust-workload", "trust_workload");
  await page.getByLabel("Service account").fill("ci");
  await press("Continue");
  await look("trust-workload-refused", "trust_workload");
  await page.getByLabel("Service account").fill("ci/deployer");
  await page.getByLabel("Issuer").fill("https://oidc.cluster.example.test");
  await press("Continue");
  await look("trust-permissions", "trust_permissions");
  await press("Continue");
  await look("trust-permissions-refused", "trust_permissions");
  await page.getByLabel("Put new versions into production").check();
  await page.getByLabel("Name of the rule").fill("deployer");
  await press("Continue");
  await look("trust-test", "trust_test");
  await press("Test rule");
  await look("trust-test-refused", "trust_test");
  await page.getByLabel("With a token").fill(FOREIGN_TOKEN);
  await press("Test rule");
  await look("trust-tested", "trust_test");
  await press("Add rule");
  await look("trust", "trust");
  assert.equal(await notice(), "rule_added");
  await press("Edit the rule deployer");
  await look("trust-edit", "trust_workload");
  await page.getByLabel("Service account").fill("*/deployer");
  await press("Continue");
  await press("Continue");
  await look("trust-edit-risky", "trust_test");
  await page.getByRole("link", { name: "Cancel" }).click();
  await press("Disable the rule deployer");
  await look("trust-disable", "disable_trust_rule");
  await press("Disable rule");
  assert.equal(await notice(), "rule_disabled");
  await look("trust-disabled", "trust");
  await press("Remove the rule deployer");
  await look("trust-remove", "remove_trust_rule");
  await press("Remove rule");
  assert.equal(await notice(), "rule_removed");
  await look("trust-removed", "trust");
  await press("Undo");
  assert.equal(await notice(), "rule_restored");
  await press("Remove the rule deployer");
  await press("Remove rule");
  await page.locator("#no-rules").waitFor();
}

/** Workloads that no rule trusts. */
async function walkTrustRequests(
  { parts, clock }: TestServer,
  { go, look }: Walk,
): Promise<void> {
  const { sql } = parts;
  for (const ref of [`refs/heads/${"W".repeat(100)}`, "refs/pull/7/merge"]) {
    const issuer = "https://token.actions.githubusercontent.com";
    const now = new Date(clock.now());
    await addTrustRequest(sql, { issuer, audience: parts.issuer, ref, scope: "deploy", now });
  }
  await go("/admin/trust");
  await look("trust-requests", "trust");
  const requests = (await sql`select id from trust_requests order by id`).map(({ id }) => id);
  await go(`/admin/trust/approve?workload=${requests[0]}`);
  await look("trust-approve", "approve_trust_request");
  await go(`/admin/trust/approve?workload=${requests[1]}`);
  await look("trust-approve-risky", "risky_trust_request");
  await go(`/admin/trust/dismiss?workload=${requests[1]}`);
  await look("trust-dismiss", "dismiss_trust_request");
  await sql`delete from trust_requests`;
}

/** Adds, edits, rotates, disables and removes clients. */
async function walkClients(
  { go, look, notice, press, page }: Walk,
  { parts: { sql } }: TestServer,
): Promise<void> {
  const follow = (name: string) => page.getByRole("link", { name, exact: true }).click();
  await go("/admin/clients");
  await look("clients", "clients");
  await follow("Confidential");
  await look("clients-none", "clients");
  await follow("Add one");
  await look("client-type", "client_type");
  await follow("Add a program");
  await look("client-add", "add_client");
  await page.getByLabel("Name", { exact: true }).fill(`Acme CLI ${"W".repeat(80)}`);
  await page.getByLabel("Client ID").fill("acme-cli");
  await page.getByLabel("Access token lifetime").fill("2d");
  await page.getByLabel("Scopes").selectOption("selected");
  await page.getByLabel("Put new versions into production").check();
  await press("Add program");
  await look("client-add-refused", "add_client");
  await page.getByLabel("Access token lifetime").fill("10m");
  await press("Add program");
  assert.equal(await notice(), "client_added");
  await look("client-added", "client");
  await follow("Edit");
  await look("client-edit", "edit_client");
  await page.getByLabel("Homepage").fill(`https://acme.example/${"w".repeat(300)}`);
  await press("Save changes");
  await look("client-edited", "client");
  await follow("Disable");
  await look("client-disable", "disable_client");
  await press("Disable client");
  await look("client-disabled", "client");
  await follow("Enable");
  await look("client-enable", "enable_client");
  await press("Enable client");
  await go("/admin/clients/add?type=confidential");
  await page.getByLabel("Name", { exact: true }).fill("Billing");
  await page.getByLabel("Client ID").fill("billing");
  await press("Add service");
  await look("client-secret", "client_secret");
  await follow("Done");
  await follow("Rotate secret");
  await look("client-rotate", "rotate_secret");
  await press("Rotate secret");
  await look("client-rotated", "client_secret");
  await page.reload();
  await look("client-rotated-again", "already_rotated");
  await go(`/admin/clients/disable?client=${brand.cliClientId}`);
  await look("client-disable-built-in", "disable_client");
  await go("/admin/clients");
  await look("clients-several", "clients");
  await sql`update clients set managed_by = 'file:prod' where id = 'acme-cli'`;
  await go("/admin/clients/show?client=acme-cli");
  await look("client-managed", "client");
  assert.equal(await page.locator("main .button").count(), 0);
  await go("/admin/clients/remove?client=acme-cli");
  await press("Remove client");
  await look("client-managed-refused", "managed_by_file");
  await sql`update clients set managed_by = null where id = 'acme-cli'`;
  await go("/admin/clients/remove?client=acme-cli");
  await look("client-remove", "remove_client");
  await press("Remove client");
  assert.equal(await notice(), "client_removed");
}

/** Connects, edits, rotates, disables and removes a directory. */
async function walkDirectories({ go, look, notice, press, page }: Walk): Promise<void> {
  const follow = (name: string) => page.getByRole("link", { name, exact: true }).click();
  await go("/admin/directories");
  await look("directories-none", "directories");
  await follow("Connect one");
  await look("directory-add", "add_directory");
  await page.getByLabel("Name", { exact: true }).fill(`okta-${"w".repeat(59)}`);
  await page.getByLabel("Mail domains").fill("localhost");
  await press("Connect directory");
  await look("directory-add-refused", "add_directory");
  await page.getByLabel("Mail domains").fill("example.com\nexample.org");
  await press("Connect directory");
  await look("directory-token", "directory_token");
  await follow("Done");
  await look("directory", "directory");
  await follow("Edit");
  await look("directory-edit", "edit_directory");
  await press("Save changes");
  assert.equal(await notice(), "directory_changed");
  await follow("Rotate token");
  await look("directory-rotate", "rotate_directory_token");
  await press("Rotate token");
  await look("directory-rotated", "directory_token");
  await page.reload();
  await look("directory-rotated-again", "already_rotated");
  await go("/admin/directories");
  await look("directories", "directories");
  await follow(`okta-${"w".repeat(59)}`);
  await follow("Disable");
  await look("directory-disable", "disable_directory");
  await press("Disable directory");
  await look("directory-disabled", "directory");
  await follow("Enable");
  await look("directory-enable", "enable_directory");
  await press("Enable directory");
  await follow("Remove");
  await look("directory-remove", "remove_directory");
  await press("Remove directory");
  assert.equal(await notice(), "directory_removed");
}

/** Adds an identity provider, and asks about what can be done with it. */
async function walkIdentityProviders({ go, look, press, page }: Walk): Promise<void> {
  await go("/admin/identity-providers/add");
  await look("identity-provider-add", "add_identity_provider");
  await page.getByLabel("Client ID").fill("client");
  await page.getByLabel("Client secret").fill("secret");
  await press("Add provider");
  await look("identity-provider", "identity_provider");
  for (const verb of ["edit", "test", "enable", "remove"]) {
    await go(`/admin/identity-providers/${verb}?provider=google`);
    await look(`identity-provider-${verb}`, `${verb}_identity_provider`);
  }
  await go("/admin/identity-providers/requests");
  await look("sign-in-requests", "sign_in_requests");
  await go("/admin/identity-providers");
  await look("identity-providers", "identity_providers");
}

/** Adds, edits and removes a resource. */
async function walkResources({ go, look, notice, press, page }: Walk): Promise<void> {
  const follow = (name: string) => page.getByRole("link", { name, exact: true }).click();
  await go("/admin/resources");
  await look("resources", "resources");
  await follow("default");
  await look("resource-built-in", "resource");
  await go("/admin/resources/add");
  await look("resource-add", "add_resource");
  await page.getByLabel("Name", { exact: true }).fill("orders");
  await page.getByLabel("Identifier").fill("http://orders.example.test");
  await page.getByLabel("Title").fill(`Orders ${"W".repeat(80)}`);
  await page.getByLabel("Scope", { exact: true }).first().fill("orders:read");
  await page.getByLabel("Description").first().fill("See your orders");
  await press("Add resource");
  await look("resource-add-refused", "add_resource");
  await page.getByLabel("Identifier").fill(`https://orders.example.test/${"w".repeat(150)}`);
  await press("Add resource");
  assert.equal(await notice(), "resource_added");
  await look("resource", "resource");
  await follow("Edit");
  await look("resource-edit", "edit_resource");
  await page.getByLabel("Administrators").first().check();
  await press("Save changes");
  await look("resource-edited", "resource");
  await go("/admin/clients/add?type=confidential");
  await page.getByLabel("Resources").selectOption("selected");
  await look("client-add-resources", "add_client");
  await go("/admin/resources/remove?resource=orders");
  await look("resource-remove", "remove_resource");
  await press("Remove resource");
  assert.equal(await notice(), "resource_removed");
}

/** Adds, fills, edits and removes a group, and asks who can have what. */
async function walkGroups({ go, look, notice, press, page }: Walk): Promise<void> {
  const follow = (name: string) => page.getByRole("link", { name, exact: true }).click();
  await go("/admin/groups");
  await look("groups", "groups");
  await follow("user");
  await look("group-user", "group");
  await go("/admin/groups/add");
  await look("group-add", "add_group");
  await page.getByLabel("Name", { exact: true }).fill("W".repeat(64));
  await page.getByLabel("Listed groups of directories").fill("Ops");
  await press("Add group");
  await look("group-add-refused", "add_group");
  await page.getByLabel("Listed groups of directories").fill(`okta:${"W".repeat(200)}\nentra:Ops`);
  await page.getByLabel("Description").fill("Operate the clusters");
  await press("Add group");
  assert.equal(await notice(), "group_added");
  await look("group", "group");
  await follow("Add member");
  await look("group-add-member", "add_member");
  await page.getByLabel("E-mail address of the user").fill("nobody@example.com");
  await press("Add member");
  await look("group-add-member-refused", "add_member");
  await page.getByLabel("E-mail address of the user").fill("alice@example.com");
  await press("Add member");
  assert.equal(await notice(), "member_added");
  await look("group-with-member", "group");
  await page.getByRole("button", { name: "Remove Alice Example" }).click();
  await look("group-remove-member", "remove_member");
  await follow("Cancel");
  await follow("Edit");
  await look("group-edit", "edit_group");
  await follow("Cancel");
  await follow("Remove");
  await look("group-remove", "remove_group");
  await press("Remove group");
  assert.equal(await notice(), "group_removed");
  await go("/admin/groups/edit?group=admin");
  await look("group-edit-admin", "edit_group");
  await go("/admin/access");
  await look("access", "access");
  await page.getByLabel("User or service account").fill("alice");
  await page.getByLabel("Scope", { exact: true }).selectOption("openid");
  await press("Check access");
  await look("access-answer", "access");
  await go("/admin/access?user=carol&scope=openid");
  await look("access-refused", "access");
}

/** By its form a token of an issuer that no rule trusts. */
const FOREIGN_TOKEN = [{ alg: "RS256" }, { iss: "https://id.example.test", sub: "x", aud: "y" }]
  .map((part) => btoa(JSON.stringify(part)).replace(/=+$/, "")).join(".") + ".c2ln";

/** Tokens of the first user that forms would not make: hostile names, and a full page of others. */
async function makeTokens({ parts: { sql }, clock }: TestServer): Promise<void> {
  const [alice] = await listUsers(sql);
  const names = [
    "\u202e\u200b",
    `<script>alert(1)</script>\u202e`,
    "W".repeat(10_000),
    ...Array.from({ length: 28 }, (_, index) => `Deploy service ${28 - index}`),
  ];
  for (const [index, name] of names.entries()) {
    const id = randomUUID();
    await insertPersonalAccessToken(sql, {
      id,
      owner: { kind: "user", id: alice.id },
      name,
      tokenHash: tokenHash(id),
      prefix: `${brand.tokenPrefixes.personalAccessToken}aB3dE5fG`,
      scope: "openid profile deploy",
      audience: "x",
      allowedAddresses: [],
      createdAt: new Date(clock.now() - index * 1000),
      expiresAt: new Date(clock.now() + (index % 8 === 7 ? 1 : 60) * 86_400_000),
    });
  }
}
