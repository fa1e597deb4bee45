/** The text of the pages about second factors. Keys and codes are random, so they are replaced. */
import { shownKey, shownRecoveryCodes, totpCode } from "../../../support/authenticator_app.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { type Shown, type Visitor, visitor } from "../../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";

const APP_PATH = "/account/security/app";

function withoutSecrets(page: Shown): Shown {
  let { html } = page;
  for (const [index, code] of shownRecoveryCodes(html).entries()) {
    html = html.replace(code, `code-${index + 1}`);
  }
  const command = /<p class="command">[^]*?<\/p>/;
  return { ...page, html: html.replace(command, '<p class="command">KEY</p>') };
}

Deno.test("the text of the pages about second factors", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.secondFactor = "everyone";
  });
  await addUserWithPassword(server);
  const golden = pageGolden();
  const password = { email: "alice@example.com", password: PASSWORD };
  const signIn = async (browser: Visitor) => {
    await browser.get("/signin");
    return await browser.get((await browser.submit("/signin", password)).location!);
  };
  const record = async (name: string, state: string, page: Promise<Shown>) => {
    await golden.record(name, state, withoutSecrets(await page));
    return await page;
  };
  const browser = visitor(server);
  const asked = await record("enroll_second_factor", "required at sign-in", signIn(browser));
  const key = shownKey(asked.html);
  await golden.recordProblems(
    "enroll_second_factor",
    "wrong code",
    browser.submit("/signin/set-up", { code: "000000" }),
  );
  const code = totpCode(key, server.clock.now());
  const confirmed = browser.submit("/signin/set-up", { code });
  await record("recovery_codes", "set up at sign-in", confirmed);
  await record("security", "with an app", browser.get("/account/security"));
  await record("remove_app", "required", browser.get(`${APP_PATH}/remove`));
  await record("create_recovery_codes", "form", browser.get("/account/security/recovery-codes"));
  await record("recovery_codes", "new ones", browser.submit("/account/security/recovery-codes"));
  await browser.get("/account/security");
  await browser.submit(`${APP_PATH}/start`);
  await record("set_up_app", "empty form", browser.get(APP_PATH));
  await golden.recordProblems(
    "set_up_app",
    "wrong code",
    browser.submit(APP_PATH, { code: "1" }),
  );
  server.clock.advance({ minutes: 1 });
  const other = visitor(server);
  await record("second_factor", "code of the app", signIn(other));
  await record("second_factor", "wrong code", other.submit("/signin/second-factor", { code: "1" }));
  const recovery = "/signin/second-factor?with=recovery_code";
  await record("second_factor", "recovery code", other.get(recovery));
  for (let attempt = 0; attempt < 9; attempt++) {
    await other.submit("/signin/second-factor", { code: "1" });
  }
  const limited = other.submit("/signin/second-factor", { code: "1" });
  await record("second_factor", "too many wrong codes", limited);
  await other.get("/signin");
  await server.parts.sql`delete from pending_sign_ins`;
  const expired = (await other.get("/signin/second-factor")).location!;
  await record("second_factor", "expired", other.get(expired));
  server.parts.config.secondFactor = "off";
  await server.parts.sql`delete from totp_authenticators`;
  const without = await signedIn(server);
  await record("security", "without an app", without.get("/account/security"));
  await golden.assert();
});
