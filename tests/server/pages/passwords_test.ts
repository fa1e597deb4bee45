/** Changing a password, and choosing one with a link. */
import assert from "node:assert/strict";
import { createUserPasswordLink } from "../../../server/admin/password_link_operations.ts";
import {
  addUser as addUserOperation,
  setUserDisabled,
  updateUser,
} from "../../../server/admin/user_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import type { Message } from "../../../server/notifications/mail.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { findUser, updateUserRow } from "../../../server/store/users.ts";
import { PASSWORD_LIMITS, RESET_LIMITS } from "../../../server/security/rate_limit.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { trustProxy, visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { FULL_SCOPE, type TestServer, testServer } from "../../support/test_server.ts";

const NEW = "an entirely new pass phrase";
const EMAIL = "alice@example.com";
const choice = { password: NEW, repeated_password: NEW };

/** A server whose mails are collected instead of sent. */
async function mailServer(location: Parameters<typeof testServer>[0]) {
  const server = await testServer(location, (config) => {
    trustProxy(config);
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

const pathIn = ({ text }: Message) => /https:\/\/[^/]+(\/password\/choose\S+)/.exec(text)![1];

async function signIn(server: TestServer, password: string) {
  const browser = visitor(server);
  await browser.get("/signin");
  return (await browser.submit("/signin", { email: EMAIL, password })).status === 303;
}

async function refreshToken(server: TestServer, userId: string) {
  return (await server.login(userId, FULL_SCOPE)).refresh_token!;
}

testOnEachDatabase("changes one's own password", async (location) => {
  const { server, mails } = await mailServer(location);
  await using _ = server;
  const alice = await addUserWithPassword(server);
  const kept = await refreshToken(server, alice.id);
  const other = await signedIn(server);
  const browser = await signedIn(server);
  const page = await browser.get("/account/password");
  assert.equal(page.page, "change_password");
  const cookie = [...browser.cookies.values()][0];
  const wrong = { ...choice, current_password: "wrong wrong wrong" };
  const rejected: [fields: Record<string, string>, problem: string][] = [
    [wrong, "invalid #current_password"],
    [{ ...choice, current_password: PASSWORD, password: "short" }, "invalid #password"],
    [
      { ...choice, current_password: PASSWORD, repeated_password: "x" },
      "invalid #repeated_password",
    ],
    [
      { current_password: PASSWORD, password: PASSWORD, repeated_password: PASSWORD },
      "invalid #password",
    ],
  ];
  for (const [fields, problem] of rejected) {
    const rejection = await browser.submit("/account/password", fields);
    assert.deepEqual([rejection.status, rejection.problems], [422, [problem]]);
    assert.ok(!rejection.html.includes(NEW), "passwords are not sent back");
  }
  assert.equal(mails.length, 0);

  const changed = await browser.submit("/account/password", {
    ...choice,
    current_password: PASSWORD,
  });
  assert.deepEqual([changed.status, changed.location], [303, "/"]);
  assert.notEqual([...browser.cookies.values()][0], cookie, "a new session");
  assert.equal((await browser.get("/")).notice, "password_changed");
  assert.equal((await other.get("/devices")).location, "/signin?next=%2Fdevices");
  assert.equal((await server.refresh(kept)).status, 200, "without revoke_logins");
  assert.equal(await signIn(server, PASSWORD), false);
  assert.equal(await signIn(server, NEW), true);
  assert.deepEqual(mails.map(({ to }) => to), [EMAIL]);

  const revoked = await refreshToken(server, alice.id);
  await browser.get("/account/password");
  await browser.submit("/account/password", {
    current_password: NEW,
    password: PASSWORD,
    repeated_password: PASSWORD,
    revoke_logins: "on",
  });
  assert.equal((await server.refresh(revoked)).status, 400);
});

Deno.test("limits guesses of the current password, in one browser only", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  await browser.get("/account/password");
  const guess = { ...choice, current_password: "wrong wrong wrong" };
  for (let count = 0; count < PASSWORD_LIMITS.account.limit; count++) {
    assert.equal((await browser.submit("/account/password", guess)).status, 422);
  }
  const right = { ...choice, current_password: PASSWORD };
  const limited = await browser.submit("/account/password", right);
  assert.deepEqual([limited.status, limited.error], [429, "rate_limited"]);
  assert.equal(await signIn(server, PASSWORD), true, "not locked out elsewhere");
});

testOnEachDatabase("resets a forgotten password with a link by e-mail", async (location) => {
  const { server, mails } = await mailServer(location);
  await using _ = server;
  const alice = await addUserWithPassword(server);
  const signedInBrowser = await signedIn(server);
  const login = await refreshToken(server, alice.id);
  const approved = await server.startLogin();
  await server.decide(approved.user_code, alice.id);
  const browser = visitor(server);
  assert.match((await browser.get("/signin")).html, /href="\/password\/forgot"/);
  await browser.get("/password/forgot");
  const answers = [];
  for (const email of ["nobody@example.com", " ALICE@example.com "]) {
    const answer = await browser.submit("/password/forgot", { email });
    assert.deepEqual([answer.status, answer.page], [200, "reset_requested"]);
    answers.push(answer.text.replace(email.trim(), "EMAIL"));
    await browser.get("/password/forgot");
  }
  assert.equal(answers[0], answers[1], "the same for users and others");
  const [message] = await eventually("the mail", () => mails.length > 0 ? mails : undefined);
  assert.equal(message.to, EMAIL);
  const path = pathIn(message);

  for (let scan = 0; scan < 2; scan++) {
    const page = await visitor(server).get(path);
    assert.equal(page.page, "choose_password", "opening the link does not use it");
    assert.equal(page.headers.get("referrer-policy"), "strict-origin");
  }
  await browser.get(path);
  const mismatch = { ...choice, repeated_password: "x" };
  const rejected = await browser.submit("/password/choose", mismatch);
  assert.deepEqual(rejected.problems, ["invalid #repeated_password"]);
  const second = visitor(server);
  await second.get(path);
  const results = await Promise.all([
    browser.submit("/password/choose", choice),
    second.submit("/password/choose", choice),
  ]);
  assert.deepEqual(results.map(({ status }) => status).sort(), [303, 410]);
  const target = results.find(({ status }) => status === 303)!.location!;
  assert.match(target, /^\/signin\?unlock=/);
  assert.equal((await visitor(server).get(path)).error, "password_link_used");
  assert.equal(await signIn(server, NEW), true);
  assert.equal(await signIn(server, PASSWORD), false);
  assert.equal((await signedInBrowser.get("/devices")).status, 303);
  assert.equal((await server.refresh(login)).status, 400);
  assert.equal((await server.poll(approved.device_code)).status, 400);
  assert.equal((await findUser(server.parts.sql, alice.id))?.emailVerified, true);
  assert.equal(mails.length, 2, "and a mail about the change");
  const [{ text }] = await server.parts.sql`
    select string_agg(details::text, ' ') as text from audit_log`;
  assert.ok(!text.includes(path.split("=")[1]), "no token in the audit log");
});

for (const kind of databaseKinds.filter(({ name }) => name.startsWith("PostgreSQL"))) {
  Deno.test(`mails no link to an address that the user is giving up (${kind.name})`, async () => {
    await using database = await kind.create();
    const { server, mails } = await mailServer(database.location);
    await using _ = server;
    const { sql } = server.parts;
    const alice = await addUserWithPassword(server);
    const browser = visitor(server);
    await browser.get("/password/forgot");
    // As updateUser does, which ends the links that there are.
    await sql.begin(async (tx) => {
      await updateUserRow(tx, alice.id, { email: "alice@example.org" });
      await browser.submit("/password/forgot", { email: EMAIL });
      await waitsForLock(sql);
    });
    await eventually("the decision about the link", async () => {
      const events = await sql`
        select 1 from audit_log where event in ('password_link.created', 'password_link.refused')`;
      return events.length > 0 || undefined;
    });
    assert.equal((await sql`select 1 from password_links`).length, 0);
    assert.deepEqual(mails, []);
  });
}

/** Resolves once a statement of this database waits for the lock of another transaction. */
async function waitsForLock(sql: Sql): Promise<void> {
  await eventually("a statement waits", async () => {
    const waiting = await sql`
      select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    return waiting.length > 0 || undefined;
  });
}

Deno.test("limits links by account without a trace, and by network", async () => {
  await using database = await databaseKinds[0].create();
  const { server, mails } = await mailServer(database.location);
  await using _ = server;
  await addUserWithPassword(server);
  const request = async (email: string, address?: string) => {
    const browser = visitor(server, address);
    await browser.get("/password/forgot");
    return await browser.submit("/password/forgot", { email });
  };
  const { account, address } = RESET_LIMITS;
  for (let count = 0; count < address.limit; count++) {
    assert.equal((await request(EMAIL)).page, "reset_requested");
  }
  const limited = await request(EMAIL);
  assert.deepEqual([limited.status, limited.error], [429, "rate_limited"]);
  assert.equal((await request("bob@example.com", "198.51.100.1")).status, 200);
  await eventually("the mails", () => mails.length >= account.limit || undefined);
  server.clock.advance({ hours: 1, seconds: 1 });
  assert.equal((await request(EMAIL)).page, "reset_requested");
  await eventually("one more mail", () => mails.length >= account.limit + 1 || undefined);
  assert.equal(mails.length, account.limit + 1);
  assert.equal((await visitor(server).get(pathIn(mails[0]))).error, "password_link_expired");
});

Deno.test("sends no link to a disabled user, and ends the links of one who is disabled", async () => {
  await using database = await databaseKinds[0].create();
  const { server, mails } = await mailServer(database.location);
  await using _ = server;
  const { parts } = server;
  await addUserWithPassword(server);
  const link = async () => {
    const created = await createUserPasswordLink(parts, {
      email: EMAIL,
      link: { lifetimeSeconds: 3600, mail: false },
    });
    return created instanceof DomainError ? created.code : new URL(created.link.url!);
  };
  const states = async (url: Awaited<ReturnType<typeof link>>) => {
    const { pathname, search } = url as URL;
    const page = await visitor(server).get(pathname + search);
    return page.error ?? page.page;
  };
  const [first, second] = [await link(), await link()];
  assert.equal(await states(first), "password_link_expired", "replaced");
  assert.equal(await states(second), "choose_password");
  await updateUser(parts, { email: EMAIL, newEmail: "alice@other.test" });
  assert.equal(await states(second), "password_link_expired", "a new address");
  await updateUser(parts, { email: "alice@other.test", newEmail: EMAIL });
  const third = await link();
  await setUserDisabled(parts, { email: EMAIL, disabled: true });
  await setUserDisabled(parts, { email: EMAIL, disabled: false });
  assert.equal(await states(third), "password_link_expired", "disabled meanwhile");
  await setUserDisabled(parts, { email: EMAIL, disabled: true });
  assert.equal(await link(), "conflict");
  const before = mails.length;
  const browser = visitor(server);
  await browser.get("/password/forgot");
  await browser.submit("/password/forgot", { email: EMAIL });
  await eventually("the refusal", async () => {
    const rows = await parts.sql`select from audit_log where event = 'password_link.refused'`;
    return rows.length > 0 || undefined;
  });
  assert.equal(mails.length, before);
});

Deno.test("invites a user, who chooses the first password", async () => {
  await using database = await databaseKinds[0].create();
  const { server, mails } = await mailServer(database.location);
  await using _ = server;
  await addUserWithPassword(server, "root@example.com");
  const created = await addUserOperation(server.parts, {
    email: EMAIL,
    name: "Alice",
    isAdmin: false,
    link: { lifetimeSeconds: 3 * 86_400, mail: true },
  });
  assert.ok(!(created instanceof DomainError) && created.link?.url === undefined);
  assert.equal(await signIn(server, ""), false);
  const path = pathIn(mails[0]);
  const browser = visitor(server);
  await browser.get(path);
  assert.equal((await browser.submit("/password/choose", choice)).status, 303);
  assert.equal((await browser.get("/signin")).notice, "password_chosen");
  assert.equal(await signIn(server, NEW), true);
  assert.equal(mails.length, 1, "no mail about the first password");
});

Deno.test("without a mail server, says whom to ask, and sends nothing", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = visitor(server);
  assert.equal((await browser.get("/password/forgot")).page, "ask_administrator");
  await browser.get("/signin");
  const submitted = await browser.submit("/password/forgot", { email: EMAIL });
  assert.equal(submitted.page, "ask_administrator");
  assert.equal((await server.parts.sql`select from password_links`).length, 0);
  for (const path of ["/password/choose", "/password/choose?token=x"]) {
    const page = await browser.get(path);
    assert.deepEqual([page.status, page.error], [410, "invalid_password_link"]);
  }
  assert.equal((await browser.get("/.well-known/change-password")).location, "/account/password");
});
