/**
 * Approving a login (RFC 8628 sections 3.3 and 5). Invariant: only a POST from the browser session
 * that entered a code can approve it.
 */
import assert from "node:assert/strict";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { trustProxy, type Visitor } from "../../support/page_visitor.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../support/test_server.ts";
import { insertClient } from "../../../server/store/clients.ts";
import { brand } from "../../../shared/brand.ts";

async function statusOf(server: TestServer, deviceCode: string): Promise<string> {
  server.clock.advance({ seconds: 6 });
  const { status, body } = await server.poll(deviceCode);
  return status === 200 ? "tokens" : body.error;
}

/** Enters a code and returns the path of the confirmation. */
async function enter(browser: Visitor, userCode: string): Promise<string> {
  await browser.get("/device");
  const page = await browser.submit("/device", { user_code: userCode });
  assert.equal(page.status, 303, page.text);
  return page.location!;
}

Deno.test("shows where a login comes from, and issues tokens after approval", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Put new versions into production" });
  });
  const user = await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin(`${FULL_SCOPE} deploy`);
  server.clock.advance({ minutes: 3 });
  const typed = login.user_code.toLowerCase().replace("-", " ");
  const confirm = await enter(browser, typed);
  const page = await browser.get(confirm);
  assert.equal(page.status, 200);
  for (
    const text of [
      `${brand.productName} command line wants to log in as Alice Example ( alice@example.com )`,
      login.user_code,
      "Know who you are",
      "Stay logged in until you log out",
      "Put new versions into production",
      "IP address 192.0.2.1",
      "Your IP address 192.0.2.1 (the same)",
      "Program test/1",
      "Started 3 minutes ago",
    ]
  ) assert.ok(page.text.includes(text), `${text} in ${page.text}`);
  assert.match(page.html, /id="phishing-warning"/);
  assert.doesNotMatch(page.html, /id="elsewhere-warning"/);
  assert.equal(await statusOf(server, login.device_code), "authorization_pending");
  const done = await browser.submit("/device/confirm", { decision: "approve" });
  assert.equal(done.status, 303);
  assert.equal((await browser.get(done.location!)).page, "approved");
  assert.equal(await statusOf(server, login.device_code), "tokens");
  assert.equal((await browser.get(done.location!)).page, "approved");
  const events = await server.parts.sql`
    select event, actor, details from audit_log where event like 'device.%' order by seq`;
  assert.deepEqual(events.map(({ event }) => event).slice(0, 2), [
    "device.code_entered",
    "device.approved",
  ]);
  assert.equal(events[1].actor, user.id);
  assert.equal(events[1].details.requester_address, "192.0.2.1");
});

Deno.test("issues no tokens for a denied login", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  await browser.get(await enter(browser, login.user_code));
  const done = await browser.submit("/device/confirm", { decision: "deny" });
  assert.equal((await browser.get(done.location!)).page, "denied");
  assert.equal(await statusOf(server, login.device_code), "access_denied");
});

Deno.test("does not approve by GET, not even with a link that contains the code", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  const filledIn = await browser.get(`/device?user_code=${login.user_code}`);
  assert.equal(filledIn.page, "enter_code");
  assert.match(filledIn.html, new RegExp(`value="${login.user_code}"`));
  const confirm = await enter(browser, login.user_code);
  await browser.get(confirm);
  await browser.get(`${confirm}&decision=approve`);
  await browser.get(confirm.replace("confirm", "done"));
  await browser.get(confirm);
  assert.equal((await browser.submit("/device/confirm", { decision: "maybe" })).status, 410);
  assert.equal(await statusOf(server, login.device_code), "authorization_pending");
});

// better-auth's GHSA-cq3f-vc6p-68fh: any signed-in session could approve any pending code.
Deno.test("rejects a decision from a session that did not enter the code", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const alice = await signedIn(server);
  const login = await server.startLogin();
  const confirm = await enter(alice, login.user_code);
  const request = new URL(confirm, "http://here").searchParams.get("request")!;
  for (const email of ["mallory@example.com", "alice@example.com"]) {
    const other = await signedIn(server, email);
    assert.equal((await other.get(confirm)).status, 410);
    await other.get("/device");
    const page = await other.submit("/device/confirm", { request, decision: "approve" });
    assert.equal(page.status, 410);
  }
  assert.equal(await statusOf(server, login.device_code), "authorization_pending");
  await alice.get(confirm);
  await alice.submit("/device/confirm", { decision: "approve" });
  assert.equal(await statusOf(server, login.device_code), "tokens");
});

Deno.test("counts the first of several decisions and shows it to all", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  await browser.get(await enter(browser, login.user_code));
  const answers = await Promise.all(
    ["approve", "deny", "approve", "deny"].map((decision) =>
      browser.submit("/device/confirm", { decision })
    ),
  );
  const pages = new Set<string>();
  for (const { status, location } of answers) {
    assert.equal(status, 303);
    pages.add((await browser.get(location!)).page!);
  }
  assert.equal(pages.size, 1);
  const events = await server.parts.sql`
    select event from audit_log where event in ('device.approved', 'device.denied')`;
  assert.equal(events.length, 1);
});

Deno.test("approves only what the page showed, whatever the user may have by then", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "operate", description: "Operate it", roles: ["admin"] });
  });
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin("openid operate");
  const page = await browser.get(await enter(browser, login.user_code));
  assert.match(page.html, /data-unavailable="operate"/);
  await server.parts.sql`update users set is_admin = true`;
  await browser.submit("/device/confirm", { decision: "approve" });
  server.clock.advance({ seconds: 6 });
  assert.equal((await server.poll(login.device_code)).body.scope, "openid");
});

Deno.test("asks for approval of every login, also of programs approved before", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  for (let time = 0; time < 2; time++) {
    const login = await server.startLogin();
    const page = await browser.get(await enter(browser, login.user_code));
    assert.equal(page.page, "approve_login");
    assert.equal(await statusOf(server, login.device_code), "authorization_pending");
    await browser.submit("/device/confirm", { decision: "approve" });
  }
});

Deno.test("rejects an expired code on entry and on approval", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  await browser.get(await enter(browser, login.user_code));
  server.clock.advance({ minutes: 15 });
  assert.equal((await browser.submit("/device/confirm", { decision: "approve" })).status, 410);
  assert.equal(await statusOf(server, login.device_code), "expired_token");
  await browser.get("/device");
  const page = await browser.submit("/device", { user_code: login.user_code });
  assert.equal(page.status, 422);
  assert.deepEqual(page.problems, ["unknown_code #user_code"]);
});

Deno.test("warns an approver whose IP address differs from the device's", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, trustProxy);
  await addUserWithPassword(server);
  const loud = /id="elsewhere-warning"/;
  const seen = async (requester: string, approver: string) => {
    const started = await server.post("/oauth/device/authorize", {
      client_id: brand.cliClientId,
    }, { "x-forwarded-for": requester });
    const browser = await signedIn(server, "alice@example.com", approver);
    return (await browser.get(await enter(browser, started.body.user_code))).html;
  };
  assert.match(await seen("198.51.100.7", "203.0.113.9"), loud);
  assert.match(await seen("2001:db8::1", "203.0.113.9"), loud);
  assert.match(await seen("2001:db8:1:1::1", "2001:db8:1:2::1"), loud);
  assert.doesNotMatch(await seen("203.0.113.9", "203.0.113.9"), loud);
  assert.doesNotMatch(await seen("2001:db8:1:1::1", "2001:db8:1:1:ffff::2"), loud);
  assert.doesNotMatch(await seen("127.0.0.1", "::1"), loud);
  assert.match(await seen("203.0.113.9", "127.0.0.1"), loud);
  assert.match(await seen("127.0.0.1", "203.0.113.9"), loud);
});

Deno.test("escapes untrusted names and user agents on the approval page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const hostile = `<script>alert(1)</script>"'&\u202e${"x".repeat(10_000)}`;
  await addUserWithPassword(server, '"<img/src=x>"@example.com', hostile);
  const browser = await signedIn(server, '"<img/src=x>"@example.com');
  const { body } = await server.post("/oauth/device/authorize", {
    client_id: brand.cliClientId,
  }, { "user-agent": '<img src=x onerror="alert(1)">' });
  for (const path of ["/", await enter(browser, body.user_code)]) {
    const { html } = await browser.get(path);
    assert.doesNotMatch(html, /<script>|<img src=x|<img\/src=x|\u202e/);
    assert.match(html, /&lt;script&gt;/);
    assert.ok(html.length < 20_000);
  }
  const echoed = await browser.get(`/device?user_code=${encodeURIComponent('"><script>')}`);
  assert.doesNotMatch(echoed.html, /"><script>/);
});

Deno.test("limits parallel guesses of user codes to ten, with Retry-After", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com");
  const browser = await signedIn(server);
  await browser.get("/device");
  const guesses = await Promise.all(
    Array.from({ length: 100 }, () => browser.submit("/device", { user_code: "BCDF-GHJK" })),
  );
  assert.equal(guesses.filter(({ status }) => status === 422).length, 10);
  const refused = guesses.filter(({ status }) => status === 429);
  assert.equal(refused.length, 90);
  assert.equal(refused[0].headers.get("retry-after"), "3600");
  const login = await server.startLogin();
  await browser.get("/device");
  assert.equal((await browser.submit("/device", { user_code: login.user_code })).status, 429);
  const colleague = await signedIn(server, "bob@example.com");
  await enter(colleague, login.user_code);
});

Deno.test("does not count a malformed code as a guess", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  await browser.get("/device");
  for (
    const user_code of [
      "",
      "BCDF",
      "AEIO-UYAE",
      "BCDF-GHJK-L",
      "\u0001",
      "🔑".repeat(8),
      "x".repeat(9000),
    ]
  ) {
    const page = await browser.submit("/device", { user_code });
    assert.equal(page.status, 422);
    assert.deepEqual(page.problems, ["malformed_code #user_code"]);
  }
  const [{ count }] = await server.parts.sql`select count(*)::int as count from failed_attempts`;
  assert.equal(count, 0);
});

Deno.test("requires a recent sign-in to approve if the operator configures it", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.deviceFlow.freshSignInSeconds = 300;
  });
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  await browser.get(await enter(browser, login.user_code));
  server.clock.advance({ minutes: 6 });
  const refused = await browser.submit("/device/confirm", { decision: "approve" });
  assert.match(refused.location!, /^\/signin\?next=.*&again=1$/);
  assert.equal((await browser.get(refused.location!)).page, "sign_in");
  assert.equal(await statusOf(server, login.device_code), "authorization_pending");
  const back = await browser.submit("/signin", { email: "alice@example.com", password: PASSWORD });
  assert.equal(back.location, `/device?user_code=${login.user_code}`);
  await browser.get(await enter(browser, login.user_code));
  await browser.submit("/device/confirm", { decision: "approve" });
  assert.equal(await statusOf(server, login.device_code), "tokens");
  server.clock.advance({ minutes: 6 });
  assert.match((await browser.get("/device")).location!, /again=1/);
});

Deno.test("rejects approvals while device logins are disabled", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  const confirm = await enter(browser, login.user_code);
  await browser.get(confirm);
  server.parts.config.deviceFlow.enabled = false;
  const page = [
    await browser.submit("/device/confirm", { decision: "approve" }),
    await browser.get("/device"),
    await browser.get(confirm),
  ];
  for (const { status, error } of page) {
    assert.equal(status, 403);
    assert.equal(error, "device_flow_disabled");
  }
  assert.doesNotMatch((await browser.get("/")).html, /href="\/device"/);
});

Deno.test("does not count a correct code as a guess", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const counted = async () => (await server.parts.sql`select kind from failed_attempts`).length;
  await enter(browser, (await server.startLogin()).user_code);
  assert.equal(await counted(), 0);
  await browser.get("/device");
  await browser.submit("/device", { user_code: "BCDFGHJK" });
  assert.notEqual(await counted(), 0);
});

/** The claims of a token. */
function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
}

Deno.test("a further approval names the login, the permission and how long it lasts", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Put new versions into production" });
    const identifier = "https://reports.example.test";
    const reports = { name: "reports", identifier, scopes: [], claims: [] };
    config.resources.push({ ...reports, accessTokenLifetime: 7200 });
  });
  const user = await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com", "Bob");
  const tokens = await server.login(user.id, FULL_SCOPE, { login_name: "alice-laptop (Linux)" });
  const { sid } = claimsOf(tokens.access_token);
  const ask = (more: Record<string, string> = {}) =>
    server.startLogin("deploy", { sid: String(sid), ...more });

  const bob = await signedIn(server, "bob@example.com");
  const other = await bob.get(await enter(bob, (await ask()).user_code));
  assert.equal(other.error, "wrong_account");

  const browser = await signedIn(server);
  const lifetimes: [requested: string | undefined, text: string, seconds: number][] = [
    [undefined, "15 minutes", 900],
    ["60", "1 minute", 60],
  ];
  for (const [requested, text, seconds] of lifetimes) {
    const started = await ask(requested === undefined ? {} : { requested_lifetime: requested });
    const page = await browser.get(await enter(browser, started.user_code));
    assert.equal(page.page, "approve_further");
    assert.ok(page.text.includes("Put new versions into production"));
    assert.match(page.html, /id="login"[^]*alice-laptop \(Linux\)/);
    assert.ok(page.text.includes(`it can do this for ${text} `), page.text);
    await browser.submit("/device/confirm", { decision: "approve" });
    server.clock.advance({ seconds: 6 });
    const { body } = await server.poll(started.device_code);
    assert.equal(body.scope, "deploy");
    assert.equal(body.refresh_token, undefined);
    const claims = claimsOf(body.access_token);
    assert.equal(claims.sid, sid);
    assert.equal(Number(claims.exp) - Number(claims.iat), seconds);
  }

  // The client selects one of the resources when it redeems the code.
  const body = new URLSearchParams({
    client_id: brand.cliClientId,
    scope: "deploy",
    sid: String(sid),
  });
  for (const resource of [ISSUER, "https://reports.example.test"]) {
    body.append("resource", resource);
  }
  const two = await server.request("/oauth/device/authorize", { method: "POST", body });
  const further = await browser.get(await enter(browser, (await two.json()).user_code));
  assert.ok(further.text.includes("it can do this for 2 hours "), further.text);

  // The page would not say that such a login is renewed.
  const renewable = { client_id: brand.cliClientId, scope: FULL_SCOPE, sid: String(sid) };
  const rejected = await server.post("/oauth/device/authorize", renewable);
  assert.deepEqual([rejected.status, rejected.body.error], [400, "invalid_scope"]);
  // Another client's request for this login would look like one of the login.
  await insertClient(server.parts.sql, {
    id: "other",
    name: "Other",
    grants: ["device"],
    now: new Date(server.clock.now()),
  });
  const form = { client_id: "other", scope: "openid", sid: String(sid) };
  const foreign = await server.post("/oauth/device/authorize", form);
  assert.equal(foreign.status, 200);
  const page = await browser.get(await enter(browser, foreign.body.user_code));
  assert.equal(page.error, "wrong_account");
});

Deno.test("max_age requires a sign-in that is recent enough, and the token has its time", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const user = await addUserWithPassword(server);
  const tokens = await server.login(user.id);
  const browser = await signedIn(server);
  const ask = (maxAge: string) =>
    server.startLogin("openid", {
      sid: String(claimsOf(tokens.access_token).sid),
      max_age: maxAge,
    });
  /** Opens the confirmation; true if it asks for a sign-in first. */
  const signsInAgain = async (userCode: string) => {
    const page = await browser.get(await enter(browser, userCode));
    if (page.page === "approve_further") return false;
    assert.match(page.location!, /^\/signin\?.*again=1/);
    await browser.get(page.location!);
    const done = await browser.submit("/signin", { email: user.email, password: PASSWORD });
    assert.match(done.location!, /^\/device\?user_code=/);
    assert.equal((await browser.get(await enter(browser, userCode))).page, "approve_further");
    return true;
  };
  const approve = async (deviceCode: string) => {
    const page = await browser.submit("/device/confirm", { decision: "approve" });
    if (!page.location!.startsWith("/device/done")) return page.location!;
    const approvedAt = server.clock.now();
    server.clock.advance({ seconds: 6 });
    const { body } = await server.poll(deviceCode);
    return approvedAt / 1000 - Number(claimsOf(body.access_token).auth_time);
  };

  server.clock.advance({ minutes: 4 });
  const recent = await ask("300");
  assert.equal(await signsInAgain(recent.user_code), false);
  // While the page is open, the sign-in becomes too old.
  server.clock.advance({ minutes: 2 });
  assert.match(String(await approve(recent.device_code)), /^\/signin\?.*again=1/);
  assert.equal(await signsInAgain(recent.user_code), true);
  server.clock.advance({ seconds: 30 });
  assert.ok(Math.abs(Number(await approve(recent.device_code)) - 30) <= 1);

  // Zero: sign in for this request, however recent the last one is.
  const zero = await ask("0");
  assert.equal(await signsInAgain(zero.user_code), true);
  server.clock.advance({ seconds: 30 });
  assert.ok(Math.abs(Number(await approve(zero.device_code)) - 30) <= 1);

  const long = await ask("900");
  assert.equal(await signsInAgain(long.user_code), false);
  assert.notEqual(typeof await approve(long.device_code), "string");
  for (const maxAge of ["-1", "soon", "1.5"]) {
    const form = { client_id: brand.cliClientId, scope: "openid", max_age: maxAge };
    assert.equal(
      (await server.post("/oauth/device/authorize", form)).body.error,
      "invalid_request",
    );
  }
});
