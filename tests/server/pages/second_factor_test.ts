/** Authenticator apps and recovery codes: setting them up, signing in with them, and attacks on that. */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { resetFactors } from "../../../server/admin/reset_factors.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { shownKey, shownRecoveryCodes, totpCode } from "../../support/authenticator_app.ts";
import { databaseKinds } from "../../support/databases.ts";
import { startMailServer } from "../../support/mail_server.ts";
import { trustProxy, type Visitor, visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const EMAIL = "alice@example.com";
const CODE_PATH = "/signin/second-factor";

async function events({ parts: { sql } }: TestServer, event: string) {
  return await sql`
    select details from audit_log where event = ${event} order by occurred_at, seq`;
}

/** Sets an app up in a browser that has just signed in. */
async function setUpApp(server: TestServer, browser: Visitor) {
  await browser.get("/account/security");
  const started = await browser.submit("/account/security/app/start");
  assert.equal(started.location, "/account/security/app");
  const key = shownKey((await browser.get(started.location!)).html);
  const code = totpCode(key, server.clock.now());
  const page = await browser.submit("/account/security/app", { code });
  assert.equal(page.page, "recovery_codes", page.text);
  const recoveryCodes = shownRecoveryCodes(page.html);
  assert.equal(recoveryCodes.length, 10);
  return { key, recoveryCodes, code };
}

/** Enters the password; the page that follows. */
async function enterPassword(browser: Visitor, path = "/signin") {
  await browser.get(path);
  const { location } = await browser.submit("/signin", { email: EMAIL, password: PASSWORD });
  return await browser.get(location!);
}

async function withServer(
  run: (server: TestServer) => Promise<void>,
  change?: Parameters<typeof testServer>[1],
): Promise<void> {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, change);
  await addUserWithPassword(server);
  await run(server);
}

Deno.test("asks for the code of the app after the password, and accepts each code once", () =>
  withServer(async (server) => {
    const app = await setUpApp(server, await signedIn(server));
    const browser = visitor(server);
    assert.equal((await enterPassword(browser, "/signin?next=/tokens")).page, "second_factor");
    assert.match((await browser.get("/tokens")).location!, /^\/signin/, "not signed in yet");
    await browser.get(CODE_PATH);
    const enter = (code: string) => browser.submit(CODE_PATH, { code });
    // RFC 6238 section 5.2: the code that confirmed the app is used up.
    assert.deepEqual((await enter(app.code)).problems, ["invalid #code"]);
    assert.deepEqual((await enter("")).problems, ["invalid #code"]);
    server.clock.advance({ seconds: 30 });
    const code = totpCode(app.key, server.clock.now());
    const before = new Map(browser.cookies);
    const done = await enter(`${code.slice(0, 3)} ${code.slice(3)}`);
    assert.deepEqual([done.status, done.location], [303, "/tokens"]);
    const [name, value] = [...before][0];
    assert.notEqual(browser.cookies.get(name), value, "no session fixation");
    assert.equal((await browser.get("/tokens")).status, 200);

    const other = visitor(server);
    await enterPassword(other);
    assert.equal((await other.submit(CODE_PATH, { code })).status, 422, "the same step again");
    const [{ acr, amr }] = await server.parts.sql`
      select acr, amr from sessions where acr <> '1fa'`;
    assert.deepEqual([acr, amr], ["2fa", ["pwd", "otp", "mfa"]]);
    assert.deepEqual((await events(server, "signin.succeeded")).at(-1)?.details, {
      method: "password",
      second_factor: "totp",
      acr: "2fa",
    });
  }));

Deno.test("accepts the codes one step before and after, for clocks that differ", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    for (const [seconds, status] of [[-30, 303], [30, 303], [-60, 422], [60, 422]]) {
      server.clock.advance({ minutes: 5 });
      const browser = visitor(server);
      await enterPassword(browser);
      const code = totpCode(key, server.clock.now() + seconds * 1000);
      assert.equal((await browser.submit(CODE_PATH, { code })).status, status, `${seconds} s`);
    }
  }));

Deno.test("accepts a recovery code in place of the app, once, and notifies the user", async () => {
  await using mail = await startMailServer();
  await withServer(async (server) => {
    const { recoveryCodes: [first, second] } = await setUpApp(server, await signedIn(server));
    const browser = visitor(server);
    await enterPassword(browser);
    await browser.get(`${CODE_PATH}?with=recovery_code`);
    const typed = first.toUpperCase().replaceAll("-", " ");
    assert.equal((await browser.submit(CODE_PATH, { code: typed })).location, "/");
    assert.match((await browser.get("/account/security")).text, /9 recovery codes left/);
    const other = visitor(server);
    await enterPassword(other);
    assert.equal((await other.submit(CODE_PATH, { code: first })).status, 422);
    assert.equal((await other.submit(CODE_PATH, { code: second })).status, 303);
    assert.deepEqual(
      (await events(server, "recovery_code.used")).map(({ details }) => details.left),
      [9, 8],
    );
    const stored = JSON.stringify(await server.parts.sql`select * from recovery_codes`);
    assert.ok(!stored.includes(first.replaceAll("-", "")));

    await browser.get("/account/security/recovery-codes");
    const created = await browser.submit("/account/security/recovery-codes");
    const codes = shownRecoveryCodes(created.html);
    assert.equal(new Set([...codes, first, second]).size, 12);
    const third = visitor(server);
    await enterPassword(third);
    assert.equal((await third.submit(CODE_PATH, { code: codes[0] })).status, 303);
  }, (config) => {
    config.mail = { url: `smtp://127.0.0.1:${mail.port}`, from: "Login <login@auth.example.com>" };
  });
  const texts = await mail.messages(5);
  const count = (part: string) => texts.filter((text) => text.includes(part)).length;
  assert.deepEqual([count("was set up for"), count("was used to"), count("were created")], [
    1,
    3,
    1,
  ]);
});

Deno.test("reminds a user who has few recovery codes left", () =>
  withServer(async (server) => {
    const { recoveryCodes } = await setUpApp(server, await signedIn(server));
    for (const [index, code] of recoveryCodes.slice(0, 7).entries()) {
      const browser = visitor(server);
      await enterPassword(browser, "/signin?next=/tokens");
      await browser.submit(CODE_PATH, { code });
      const { notice } = await browser.get("/tokens");
      assert.equal(notice, index === 6 ? "few_recovery_codes" : undefined);
    }
  }));

Deno.test("gives one session for one code that a hundred requests send", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    server.clock.advance({ minutes: 1 });
    const browser = visitor(server);
    await enterPassword(browser);
    const code = totpCode(key, server.clock.now());
    const fields = { code };
    const copies = Array.from({ length: 9 }, () => {
      const copy = visitor(server);
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
      for (const [name, value] of browser.hidden) copy.hidden.set(name, value);
      return copy;
    });
    const pages = await Promise.all(copies.map((copy) => copy.submit(CODE_PATH, fields)));
    assert.equal(pages.filter(({ location }) => location === "/").length, 1);
    const [{ count }] = await server.parts.sql`
      select count(*)::int as count from sessions where acr = '2fa'`;
    assert.equal(count, 1);
  }));

Deno.test("limits guesses for who has the password, and never locks out the user", () =>
  withServer(async (server) => {
    const own = await signedIn(server);
    const { key } = await setUpApp(server, own);
    const attacker = visitor(server, "198.51.100.7", "Attacker/1");
    await enterPassword(attacker);
    for (let attempt = 0; attempt < 10; attempt++) {
      // A new pending sign-in does not start a new count.
      if (attempt % 3 === 2) await enterPassword(attacker);
      const page = await attacker.submit(CODE_PATH, { code: "000000" });
      assert.equal(page.status, 422);
    }
    server.clock.advance({ minutes: 1 });
    const code = totpCode(key, server.clock.now());
    const limited = await attacker.submit(CODE_PATH, { code });
    assert.deepEqual([limited.status, limited.error], [429, "rate_limited"]);
    assert.equal((await events(server, "second_factor.throttled")).length, 1);
    const page = await enterPassword(own, "/signin?again=1");
    assert.equal(page.page, "second_factor");
    assert.equal((await own.submit(CODE_PATH, { code })).status, 303);
    // The limit holds for hours: three codes are valid at a time.
    server.clock.advance({ hours: 11 });
    await enterPassword(attacker);
    assert.equal((await attacker.submit(CODE_PATH, { code: "000000" })).status, 429);
  }, trustProxy));

Deno.test("limits guesses in all browsers together that were signed in before", () =>
  withServer(async (server) => {
    const known = [];
    for (let index = 0; index < 3; index++) known.push(await signedIn(server));
    const { key } = await setUpApp(server, await signedIn(server));
    await enterPassword(known[0], "/signin?again=1");
    assert.equal((await known[0].submit(CODE_PATH, { code: "000000" })).status, 422);
    // As if many browsers had used up all but one of them.
    await server.parts.sql`
      insert into failed_attempts (id, kind, subject, failed_at)
      select gen_random_uuid(), kind, subject, failed_at
      from failed_attempts, generate_series(1, 498)
      where kind = 'second_factor_known'`;
    await enterPassword(known[1], "/signin?again=1");
    assert.equal((await known[1].submit(CODE_PATH, { code: "000000" })).status, 422);
    server.clock.advance({ minutes: 1 });
    await enterPassword(known[2], "/signin?again=1");
    const code = totpCode(key, server.clock.now());
    assert.equal((await known[2].submit(CODE_PATH, { code })).status, 429);
  }));

Deno.test("accepts the second step only in the browser that has done the first one", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    server.clock.advance({ minutes: 1 });
    const code = totpCode(key, server.clock.now());
    const stranger = visitor(server);
    await stranger.get("/signin");
    assert.match((await stranger.get(CODE_PATH)).location!, /^\/signin/);
    assert.match((await stranger.submit(CODE_PATH, { code })).location!, /^\/signin/);
    const browser = visitor(server);
    await enterPassword(browser);
    // The cookie of the pending sign-in, without the one that it is bound to.
    const [pending] = [...browser.cookies].filter(([name]) => name.includes("sign-in"));
    stranger.cookies.set(...pending);
    await stranger.get("/signin");
    assert.match((await stranger.submit(CODE_PATH, { code })).location!, /^\/signin/);
    server.clock.advance({ minutes: 16 });
    const later = totpCode(key, server.clock.now());
    const expired = await browser.submit(CODE_PATH, { code: later });
    assert.match(expired.location!, /^\/signin/);
    assert.equal((await browser.get(expired.location!)).notice, "sign_in_expired");
  }));

Deno.test("ends a pending sign-in when the password changes or the user is disabled", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    server.clock.advance({ minutes: 1 });
    const browser = visitor(server);
    await enterPassword(browser);
    await server.parts.sql`update users set password_hash = 'another'`;
    const code = totpCode(key, server.clock.now());
    const page = await browser.submit(CODE_PATH, { code });
    assert.match(page.location!, /^\/signin/);
    assert.equal((await browser.get("/tokens")).status, 303);
    await server.parts.sql`update users set disabled_at = now()`;
    assert.match((await browser.get(CODE_PATH)).location!, /^\/signin/);
  }));

Deno.test("makes users without a second factor set one up where the policy asks for it", () =>
  withServer(async (server) => {
    const browser = visitor(server);
    const page = await enterPassword(browser, "/signin?next=/tokens");
    assert.equal(page.page, "enroll_second_factor");
    assert.match((await browser.get("/tokens")).location!, /^\/signin/, "no way around it");
    await browser.get("/signin/set-up");
    const key = shownKey(page.html);
    assert.deepEqual((await browser.submit("/signin/set-up", { code: "000000" })).problems, [
      "invalid #code",
    ]);
    const code = totpCode(key, server.clock.now());
    const done = await browser.submit("/signin/set-up", { code });
    assert.equal(done.page, "recovery_codes");
    assert.match(done.html, /href="\/tokens"/);
    assert.equal((await browser.get("/tokens")).status, 200);
    assert.equal((await browser.submit("/signin/set-up", { code })).status, 303, "not again");
    server.clock.advance({ minutes: 1 });
    assert.equal((await enterPassword(visitor(server))).page, "second_factor");
  }, (config) => {
    config.secondFactor = "everyone";
  }));

Deno.test("asks only administrators if the policy says so", () =>
  withServer(async (server) => {
    assert.equal((await enterPassword(visitor(server))).page, "home");
    await server.parts.sql`update users set is_admin = true`;
    assert.equal((await enterPassword(visitor(server))).page, "enroll_second_factor");
  }, (config) => {
    config.secondFactor = "administrators";
  }));

Deno.test("changes second factors only after a recent sign-in with the one that there is", () =>
  withServer(async (server) => {
    const old = await signedIn(server);
    const browser = await signedIn(server);
    const { key } = await setUpApp(server, browser);
    // This session has no second factor.
    for (
      const path of ["/account/security/app/remove", "/account/security/recovery-codes"]
    ) {
      assert.match((await old.get(path)).location!, /again=1.*acr=2fa/);
    }
    server.clock.advance({ minutes: 1 });
    const page = await enterPassword(
      old,
      (await old.get("/account/security/app/remove")).location!,
    );
    assert.equal(page.page, "second_factor");
    await old.submit(CODE_PATH, { code: totpCode(key, server.clock.now()) });
    server.clock.advance({ minutes: 16 });
    assert.match((await old.get("/account/security/app/remove")).location!, /again=1/);
    await enterPassword(old, "/signin?again=1");
    await old.submit(CODE_PATH, { code: totpCode(key, server.clock.now()) });
    await old.get("/account/security/app/remove");
    assert.equal((await old.submit("/account/security/app/remove")).location, "/account/security");
    assert.equal((await enterPassword(visitor(server))).page, "home");
    const rows = await server.parts.sql`select 1 from recovery_codes`;
    assert.equal(rows.length, 0);
    for (const event of ["totp.enrolled", "totp.removed"]) {
      assert.equal((await events(server, event)).length, 1);
    }
  }));

Deno.test("names the methods of both steps in the tokens of a login", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    server.clock.advance({ minutes: 1 });
    const browser = visitor(server);
    await enterPassword(browser);
    await browser.submit(CODE_PATH, { code: totpCode(key, server.clock.now()) });
    const { user_code, device_code } = await server.startLogin();
    await browser.get("/device");
    await browser.get((await browser.submit("/device", { user_code })).location!);
    await browser.submit("/device/confirm", { decision: "approve" });
    const { access_token } = (await server.poll(device_code)).body;
    const { acr, amr } = decodeJwt(access_token);
    assert.deepEqual([acr, amr], ["2fa", ["pwd", "otp", "mfa"]]);
  }));

Deno.test("lets an operator reset the second factor of a user who has lost it", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    server.clock.advance({ minutes: 1 });
    const browser = visitor(server);
    await enterPassword(browser);
    await resetFactors(server.parts, { email: EMAIL });
    const code = totpCode(key, server.clock.now());
    assert.match((await browser.submit(CODE_PATH, { code })).location!, /^\/signin/);
    assert.equal((await enterPassword(browser)).page, "home");
    const [{ details }] = await events(server, "second_factor.reset");
    assert.deepEqual(details, { app: true, passkeys: 0, recovery_codes: 10 });
  }));

Deno.test("keeps an administrator from removing the only way of the last one to sign in", () =>
  withServer(async (server) => {
    const { parts } = server;
    const [{ id }] = await parts.sql`
      update users set is_admin = true, password_hash = null returning id`;
    await parts.sql`
      insert into passkeys (
        id, user_id, credential_id, public_key, sign_count, name, aaguid, transports,
        backup_eligible, backed_up, created_at
      ) values (
        gen_random_uuid(), ${id}, '1', '1', 0, 'Key', gen_random_uuid(), '[]', false, false, now()
      )`;
    const refused = await resetFactors({ ...parts, actor: id }, { email: EMAIL });
    assert.ok(refused instanceof DomainError && refused.code === "conflict");
    assert.equal((await parts.sql`select 1 from passkeys`).length, 1);
    // Operators have links with which the user chooses a password.
    const reset = await resetFactors(parts, { email: EMAIL });
    assert.ok(!(reset instanceof DomainError) && reset.removed.passkeys === 1);
  }));

Deno.test("stores the secret of an app encrypted", () =>
  withServer(async (server) => {
    const { key } = await setUpApp(server, await signedIn(server));
    const [{ secret }] = await server.parts.sql`select secret from totp_authenticators`;
    assert.equal(secret[0], 2, "AES-256-GCM, bound to its row");
    server.clock.advance({ minutes: 1 });
    const browser = visitor(server);
    await enterPassword(browser);
    const code = totpCode(key, server.clock.now());
    assert.equal((await browser.submit(CODE_PATH, { code })).status, 303);
  }, (config) => {
    config.secretKey = "a secret key of this test, long enough";
  }));
