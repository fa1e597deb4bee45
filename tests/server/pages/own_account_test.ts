/** A user's own account: name, address, and the export of what is stored. */
import assert from "node:assert/strict";
import { createUserAddressLink } from "../../../server/admin/address_link_operations.ts";
import { setUserDisabled, updateUser } from "../../../server/admin/user_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import type { Message } from "../../../server/notifications/mail.ts";
import { rememberConsent } from "../../../server/store/consents.ts";
import { findUser } from "../../../server/store/users.ts";
import { assertNoSecrets } from "../../support/assert_no_secrets.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { pageGolden } from "../../support/page_golden.ts";
import type { Shown, Visitor } from "../../support/page_visitor.ts";
import { createPat, describeScopes } from "../../support/pats.ts";
import { addPerson, addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { FULL_SCOPE, testServer } from "../../support/test_server.ts";

const NEW = "alice@example.org";

/** A server whose mails are collected instead of sent. */
async function mailServer(location: Parameters<typeof testServer>[0]) {
  const server = await testServer(location, (config) => {
    config.mail = { url: "smtp://127.0.0.1:1", from: "Example <auth@example.test>" };
  });
  const mails: Message[] = [];
  const { mail } = server.parts;
  mail.send = (message) => void mails.push(message);
  mail.deliver = (message) => Promise.resolve(void mails.push(message));
  mail.sendLater = (_purpose, write) =>
    void write().then((message) => message && mails.push(message));
  return { server, mails };
}

async function request(browser: Visitor, email: string): Promise<Shown> {
  await browser.get("/account/email");
  return await browser.submit("/account/email", { email });
}

const pathIn = ({ text }: Message) =>
  /https:\/\/[^/]+(\/account\/email\/confirm\S+)/.exec(text)![1];

/** The next mail. */
async function arrived(mails: Message[]): Promise<Message> {
  await eventually("a mail arrives", () => Promise.resolve(mails.length > 0));
  return mails.shift()!;
}

testOnEachDatabase("changes one's own address with the link that it was sent", async (location) => {
  const { server, mails } = await mailServer(location);
  await using _ = server;
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  const login = await server.login(alice.id, FULL_SCOPE);
  const other = await signedIn(server);
  const browser = await signedIn(server);
  const requested = await request(browser, NEW);
  assert.equal(requested.page, "address_requested");
  const message = await arrived(mails);
  assert.equal(message.to, NEW);
  assert.equal((await findUser(sql, alice.id))?.email, alice.email, "not yet");
  const [stored] = await sql`select token_hash from address_links`;
  assert.equal(stored.token_hash.length, 32, "only a hash is stored");

  // Opening it uses nothing.
  for (const _ of [1, 2]) {
    assert.equal((await browser.get(pathIn(message))).page, "confirm_address");
  }
  const changed = await browser.submit("/account/email/confirm");
  assert.deepEqual([changed.status, changed.location], [303, "/account"]);
  assert.equal((await browser.get("/account")).notice, "address_changed");
  const { email, emailVerified } = (await findUser(sql, alice.id))!;
  assert.deepEqual([email, emailVerified], [NEW, true]);
  assert.deepEqual((await arrived(mails)).to, alice.email, "the old address is notified");
  assert.equal((await other.get("/account")).status, 200, "nothing is signed out");
  assert.equal((await server.refresh(login.refresh_token!)).status, 200);
  assert.equal((await browser.get(pathIn(message))).error, "address_link_unusable");
  const [event] = await sql`select actor, details from audit_log where event = 'user.changed'`;
  assert.equal(event.actor, alice.id);
  assert.deepEqual([event.details.email_from, event.details.email_to], [alice.email, NEW]);
});

testOnEachDatabase(
  "a link changes an address once, of many requests at a time",
  async (location) => {
    const { server, mails } = await mailServer(location);
    await using _ = server;
    const { sql } = server.parts;
    await addUserWithPassword(server);
    const browsers = await Promise.all([1, 2, 3].map(() => signedIn(server)));
    await request(browsers[0], NEW);
    const path = pathIn(await arrived(mails));
    for (const browser of browsers) await browser.get(path);
    await Promise.all(browsers.map((browser) => browser.submit("/account/email/confirm")));
    const events = await sql`select 1 from audit_log where event = 'user.changed'`;
    assert.equal(events.length, 1);
  },
);

testOnEachDatabase(
  "gives the same response for an address of another account",
  async (location) => {
    const { server, mails } = await mailServer(location);
    await using _ = server;
    const { sql } = server.parts;
    await addUserWithPassword(server);
    await addUserWithPassword(server, "bob@example.com", "Bob");
    const browser = await signedIn(server);
    const free = await request(browser, "free@example.com");
    const [first] = [await arrived(mails)];
    const taken = await request(browser, "BOB@example.com");
    const second = await arrived(mails);
    const withoutAddress = ({ text }: Shown) => text.replace(/\S+@example.com/g, "ADDRESS");
    assert.deepEqual([taken.status, withoutAddress(taken)], [free.status, withoutAddress(free)]);
    assert.deepEqual([first.to, second.to], ["free@example.com", "BOB@example.com"]);
    assert.doesNotMatch(second.text, /token=/, "no link to take the address over");
    // Only the last link works, and this request has created none.
    const links = await sql`select email from address_links`;
    assert.deepEqual(links.map(({ email }) => email), ["free@example.com"]);

    // An account gets the address after the link was sent.
    await addUserWithPassword(server, "free@example.com", "Other");
    await browser.get(pathIn(first));
    const refused = await browser.submit("/account/email/confirm");
    const page = await browser.get(refused.location!);
    assert.equal(page.notice, "address_not_changed");
  },
);

testOnEachDatabase("accepts a link only from its user, while it is valid", async (location) => {
  const { server, mails } = await mailServer(location);
  await using _ = server;
  const { parts } = server;
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com", "Bob");
  const browser = await signedIn(server);
  const bob = await signedIn(server, "bob@example.com");
  const link = async () => {
    await request(browser, NEW);
    return pathIn(await arrived(mails));
  };
  const isUnusable = async (visitor: Visitor, path: string) => {
    assert.equal((await visitor.get(path)).error, "address_link_unusable");
    await visitor.get("/account");
    const token = new URLSearchParams(path.split("?")[1]).get("token")!;
    const { location } = await visitor.submit("/account/email/confirm", { token });
    assert.equal((await visitor.get(location!)).notice, "address_not_changed");
    assert.notEqual((await findUser(parts.sql, alice.id))?.email, NEW);
  };
  const replaced = await link();
  const path = await link();
  await isUnusable(browser, replaced);
  await isUnusable(bob, path);
  await isUnusable(browser, "/account/email/confirm?token=x");

  await updateUser(parts, { email: alice.id, newEmail: "alice@example.net" });
  mails.length = 0;
  await isUnusable(browser, path);
  const expired = await link();
  server.clock.advance({ minutes: 61 });
  const later = await signedIn(server, "alice@example.net");
  await isUnusable(later, expired);

  await request(later, NEW);
  const ofDisabled = pathIn(await arrived(mails));
  for (const disabled of [true, false]) await setUserDisabled(parts, { email: alice.id, disabled });
  await isUnusable(await signedIn(server, "alice@example.net"), ofDisabled);
});

testOnEachDatabase("limits the mails of a user and to an address", async (location) => {
  const { server, mails } = await mailServer(location);
  await using _ = server;
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  for (let count = 0; count < 5; count++) {
    assert.equal((await request(browser, NEW)).page, "address_requested");
  }
  const limited = await request(browser, NEW);
  assert.deepEqual([limited.status, limited.error], [429, "rate_limited"]);
  await eventually("three mails", () => Promise.resolve(mails.length === 3));
});

testOnEachDatabase(
  "requires a recent sign-in for a new address and the export",
  async (location) => {
    const { server } = await mailServer(location);
    await using _ = server;
    await addUserWithPassword(server);
    const browser = await signedIn(server);
    assert.equal((await browser.get("/account/email")).status, 200);
    assert.equal((await browser.get("/account/export")).status, 200);
    server.clock.advance({ minutes: 16 });
    for (const path of ["/account/email", "/account/email/confirm?token=x", "/account/export"]) {
      const { location } = await browser.get(path);
      assert.match(location!, /^\/signin\?.*again=1/, path);
      assert.equal(new URL(location!, "http://x").searchParams.get("next"), path);
    }
    assert.equal((await browser.get("/account/name")).status, 200);
  },
);

testOnEachDatabase(
  "an administrator's link verifies the address only if it was mailed",
  async (location) => {
    const { server, mails } = await mailServer(location);
    await using _ = server;
    const { parts } = server;
    const alice = await addUserWithPassword(server);
    for (const mail of [false, true]) {
      const newEmail = `alice-${mail}@example.org`;
      const created = await createUserAddressLink(parts, {
        email: alice.id,
        newEmail,
        link: { lifetimeSeconds: 3600, mail },
      });
      assert.ok(!(created instanceof DomainError));
      const path = mail
        ? pathIn(await arrived(mails))
        : created.link.url!.slice(parts.issuer.length);
      assert.equal(created.link.url === undefined, mail);
      const { email } = (await findUser(parts.sql, alice.id))!;
      const browser = await signedIn(server, email);
      await browser.get(path);
      await browser.submit("/account/email/confirm");
      const { email: changed, emailVerified } = (await findUser(parts.sql, alice.id))!;
      assert.deepEqual([changed, emailVerified], [newEmail, mail]);
      mails.length = 0;
    }
  },
);

testOnEachDatabase("exports what is stored about a user, without secrets", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { sql } = server.parts;
  const person = await addPerson(server);
  const alice = await addUserWithPassword(server);
  const login = await server.login(alice.id, `${FULL_SCOPE} deploy`);
  const pat = await createPat(server, {
    management: (await server.approveManagement(alice.id, "manage:tokens deploy")).access_token,
  });
  await createPat(server, person);
  await sql`
    insert into group_memberships (user_id, source, name)
    values (${alice.id}, 'local', 'deployers')`;
  await rememberConsent(sql, {
    userId: alice.id,
    clientId: "acme",
    redirectUri: "loopback",
    scope: "openid",
    now: new Date(server.clock.now()),
  });
  const administrator = await addUserWithPassword(server, "root@example.com", "Root");
  await updateUser({ ...server.parts, actor: administrator.id, address: "198.51.100.9" }, {
    email: alice.id,
    emailVerified: true,
  });
  // More than one page of them.
  for (let count = 0; count < 501; count++) {
    await sql`
      insert into audit_log (id, occurred_at, event, actor, subject, details)
      values (${crypto.randomUUID()}, ${new Date(
      server.clock.now(),
    )}, 'test.repeated', ${alice.id}, ${String(count)}, '{}')`;
  }
  const browser = await signedIn(server);
  const download = await browser.get("/account/export");
  assert.equal(download.status, 200);
  assert.match(
    download.headers.get("content-disposition")!,
    /^attachment; filename="\w+-account-\d{4}-\d\d-\d\d\.json"$/,
  );
  assert.match(download.headers.get("cache-control")!, /no-store/);
  const secrets = [PASSWORD, pat.token, login.access_token, login.refresh_token!];
  for (const secret of secrets) assert.ok(!download.html.includes(secret));
  assertNoSecrets("the export", download.html);
  assert.doesNotMatch(download.html, /scrypt|password_hash|tokenHash|token_hash/);

  const data = JSON.parse(download.html);
  assert.equal(data.account.email, alice.email);
  assert.deepEqual(data.groups, [{ name: "deployers", source: "local" }]);
  assert.deepEqual(data.signInMethods, {
    password: true,
    authenticatorApp: null,
    recoveryCodesLeft: 0,
  });
  assert.deepEqual(data.personalAccessTokens.map(({ id }: { id: string }) => id), [pat.id]);
  assert.equal(data.logins.length, 1);
  assert.ok(data.browserSessions.length >= 1);
  assert.equal(data.rememberedApprovals[0].clientId, "acme");
  assert.deepEqual(data.truncated, []);
  const events: { event: string; actor: string; address: string | null }[] = data.auditEvents;
  assert.equal(events.filter(({ event }) => event === "test.repeated").length, 501);
  const byOther = events.find(({ event }) => event === "user.changed")!;
  assert.deepEqual([byOther.actor, byOther.address], ["other", null]);
  assert.ok(!download.html.includes(administrator.id), "others stay unnamed");
  assert.ok(!download.html.includes("198.51.100.9"));
  assert.ok(!download.html.includes(person.id));
  assert.ok(events.some(({ event, actor }) => event === "account.exported" && actor === "you"));
});

Deno.test("the text of the own account", async () => {
  await using database = await databaseKinds[0].create();
  const { server, mails } = await mailServer(database.location);
  await using _ = server;
  const alice = await addUserWithPassword(server);
  const golden = pageGolden();
  const browser = await signedIn(server);
  await golden.record("account", "of a user", browser.get("/account"));
  await golden.record("change_name", "form", browser.get("/account/name"));
  await golden.recordProblems(
    "change_name",
    "nothing entered",
    browser.submit("/account/name", { name: " " }),
  );
  const named = await browser.submit("/account/name", { name: "Alice Liddell" });
  await golden.record("account", "name changed", browser.get(named.location!));
  await golden.record("change_email", "form", browser.get("/account/email"));
  const submit = (email: string) => browser.submit("/account/email", { email });
  await golden.recordProblems("change_email", "invalid", submit("alice"));
  await golden.recordProblems("change_email", "current address", submit(alice.email));
  await golden.record("change_email", "requested", submit(NEW));
  const path = pathIn(await arrived(mails));
  await golden.record("confirm_email", "question", browser.get(path));
  const changed = await browser.submit("/account/email/confirm");
  await golden.record("account", "address changed", browser.get(changed.location!));
  await golden.record("confirm_email", "used", browser.get(path));
  server.parts.config.mail = undefined;
  await golden.record("change_email", "without a mail server", browser.get("/account/email"));
  for (const alias of ["/logins", "/sessions", "/consents"]) {
    assert.equal((await browser.get(alias)).location, "/devices", alias);
  }
  await golden.assert();
});

testOnEachDatabase("keeps users at the identity provider of their domain", async (location) => {
  const { server, mails } = await mailServer(location);
  await using _ = server;
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  await server.parts.sql`
    insert into identity_providers (
      name, template, issuer, client_id, client_secret, first_sign_in, domains, required, created_at
    ) values (
      'acme', 'generic', 'https://acme.example', 'x', 'x', 'allow',
      '["example.com", "example.net"]', true, now()
    )`;
  for (const email of ["alice@example.org", "alice@sub.example.com"]) {
    const refused = await request(browser, email);
    assert.equal(refused.page, "change_email");
    assert.ok(refused.problems.includes("forbidden #email"), String(refused.problems));
  }
  assert.equal((await request(browser, "alice@example.net")).page, "address_requested");
  assert.equal((await arrived(mails)).to, "alice@example.net");
  assert.deepEqual(mails, []);
});
