/** OpenID Connect Back-Channel Logout 1.0, as the relying party. */
import assert from "node:assert/strict";
import { testOnEachDatabase } from "../../support/databases.ts";
import {
  addLinkedUser,
  addProvider,
  CLIENT_ID,
  PROVIDER,
  reachLoopback,
} from "../../support/linked_user.ts";
import { type OidcIssuer, type SignOptions, startIssuer } from "../../support/oidc_issuer.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const PATH = `/signin/upstream/${PROVIDER}/backchannel-logout`;
const EVENT = { "http://schemas.openid.net/event/backchannel-logout": {} };

function logoutToken(
  issuer: OidcIssuer,
  claims: Record<string, unknown>,
  options: SignOptions = {},
): Promise<string> {
  const all = { aud: CLIENT_ID, events: EVENT, nbf: undefined, ...claims };
  return issuer.sign(all, { typ: "logout+jwt", ...options });
}

async function logOut(server: TestServer, token: string) {
  return await server.post(PATH, { logout_token: token });
}

testOnEachDatabase("signs out the browsers of a session at the provider", async (location) => {
  await using server = await testServer(location, reachLoopback);
  await using issuer = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer);
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  const bob = await addLinkedUser(server, issuer, "bob@example.com");
  const answer = await logOut(server, await logoutToken(issuer, { sid: alice.sid }));
  assert.deepEqual([answer.status, answer.body], [200, undefined]);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(await alice.isSignedIn(), false);
  assert.equal(await bob.isSignedIn(), true);
  assert.equal((await alice.browser.get("/devices")).status, 200, "signed in with a password");
  assert.equal((await server.refresh(alice.refreshToken)).status, 200, "the login stays");
  const [event] = await server.parts.sql`
    select actor, subject, details from audit_log where event = 'upstream.logout'`;
  assert.deepEqual([event.actor, event.subject], [PROVIDER, alice.id]);
  assert.deepEqual(event.details, { browsers: 1, logins: 0 });

  assert.equal((await logOut(server, await logoutToken(issuer, { sub: bob.subject }))).status, 200);
  assert.equal(await bob.isSignedIn(), false, "all sessions of the subject");
});

testOnEachDatabase(
  "revokes the logins of that session if the operator wants it",
  async (location) => {
    await using server = await testServer(location, reachLoopback);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer, { logoutRevokesLogins: true });
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    // Another login, approved in another browser.
    const other = await server.login(alice.id);
    const token = await logoutToken(issuer, { sid: alice.sid, sub: alice.subject });
    assert.equal((await logOut(server, token)).status, 200);
    assert.equal((await server.refresh(alice.refreshToken)).status, 400);
    assert.equal((await server.refresh(other.refresh_token!)).status, 200);
  },
);

testOnEachDatabase("rejects logout tokens that the standard rejects", async (location) => {
  await using server = await testServer(location, reachLoopback);
  await using issuer = await startIssuer({ clock: server.clock });
  await using attacker = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer);
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  const now = Math.floor(server.clock.now() / 1000);
  const sid = { sid: alice.sid };
  const rejected: Record<string, Promise<string> | string> = {
    "another issuer": logoutToken(attacker, sid),
    "another issuer that names ours": logoutToken(attacker, { ...sid, iss: issuer.url }),
    "another audience": logoutToken(issuer, { ...sid, aud: "another client" }),
    "no audience": logoutToken(issuer, { ...sid, aud: undefined }),
    "expired": logoutToken(issuer, { ...sid, exp: now - 61 }),
    "no expiry": logoutToken(issuer, { ...sid, exp: undefined }),
    "an expiry far ahead": logoutToken(issuer, { ...sid, exp: now + 86_400 }),
    "issued in the future": logoutToken(issuer, { ...sid, iat: now + 61 }),
    "no time of issue": logoutToken(issuer, { ...sid, iat: undefined }),
    "a nonce": logoutToken(issuer, { ...sid, nonce: "n" }),
    "no event": logoutToken(issuer, { ...sid, events: undefined }),
    "another event": logoutToken(issuer, { ...sid, events: { "https://example.com/x": {} } }),
    "an event that is not an object": logoutToken(issuer, {
      ...sid,
      events: { "http://schemas.openid.net/event/backchannel-logout": true },
    }),
    "neither sub nor sid": logoutToken(issuer, {}),
    "a sid that is not text": logoutToken(issuer, { sid: 7, sub: alice.subject }),
    "no jti": logoutToken(issuer, { ...sid, jti: undefined }),
    "a long jti": logoutToken(issuer, { ...sid, jti: "x".repeat(1001) }),
    "another type": logoutToken(issuer, sid, { typ: "at+jwt" }),
    "alg none": logoutToken(issuer, sid, { algorithm: "none" }),
    "alg HS256 with the public key": logoutToken(issuer, sid, { algorithm: "HS256" }),
    "no token": "not a token",
    "no text": "\u0001",
  };
  for (const [name, token] of Object.entries(rejected)) {
    const answer = await logOut(server, await token);
    assert.equal(answer.status, 400, name);
    assert.equal(answer.body.error, "invalid_request", name);
    assert.equal(answer.headers.get("cache-control"), "no-store", name);
  }
  assert.equal(await alice.isSignedIn(), true);
  const events = await server.parts.sql`
    select details from audit_log where event = 'upstream.logout_rejected'`;
  assert.ok(events.length >= 10);

  const missing = await server.post(PATH, { other: "x" });
  assert.equal(missing.status, 400);
  const large = await server.post(PATH, { logout_token: "x".repeat(1024 * 1024) });
  assert.equal(large.status, 400);
  const unknown = PATH.replace(PROVIDER, "other");
  const elsewhere = await server.post(unknown, { logout_token: await logoutToken(issuer, sid) });
  assert.equal(elsewhere.status, 404);
});

testOnEachDatabase("accepts a logout token once", async (location) => {
  await using server = await testServer(location, reachLoopback);
  await using issuer = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer);
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  const token = await logoutToken(issuer, { sid: alice.sid });
  const answers = await Promise.all(Array.from({ length: 5 }, () => logOut(server, token)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400, 400, 400, 400]);
});

testOnEachDatabase(
  "asks to send a logout token again while keys are not available",
  async (location) => {
    await using server = await testServer(location, reachLoopback);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    issuer.answer("/jwks", () => new Response(null, { status: 503 }));
    const token = await logoutToken(issuer, { sid: alice.sid });
    const answer = await logOut(server, token);
    assert.equal(answer.status, 503);
    assert.ok(answer.headers.has("retry-after"));
    issuer.recover();
    server.clock.advance({ seconds: 20 });
    assert.equal((await logOut(server, token)).status, 200);
  },
);
