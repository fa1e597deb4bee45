/** Browser sessions: two lifetimes, and the end of their person is theirs. */
import assert from "node:assert/strict";
import {
  createSession,
  deleteOldSessions,
  endSession,
  findSession,
  signInAddresses,
} from "../../../server/store/sessions.ts";
import { setUserDisabled } from "../../../server/store/user_access.ts";
import { createUser, type User } from "../../../server/store/users.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const HOUR = 3_600_000;

async function signedIn(server: TestServer, token = "token", address = "192.0.2.7") {
  const { sql } = server.parts;
  const now = new Date(server.clock.now());
  const person = { email: "alice@example.com", name: "Alice", passwordHash: "", isAdmin: false };
  const existing = await createUser(sql, { ...person, now });
  const [{ id }] = existing === "email_taken" ? await sql`select id from users` : [existing];
  const sessionId = await createSession(sql, {
    tokenHash: tokenHash(token),
    userId: id,
    now,
    expiresAt: new Date(now.getTime() + 10 * HOUR),
    address,
    userAgent: "Browser/1",
  });
  const find = () =>
    findSession(sql, {
      tokenHash: tokenHash(token),
      idleSeconds: 3600,
      now: new Date(server.clock.now()),
    });
  return { sql, userId: id as User["id"], sessionId, find };
}

testOnEachDatabase("a session ends when it is not used", async (location) => {
  await using server = await testServer(location);
  const { find } = await signedIn(server);
  for (let use = 0; use < 3; use++) {
    server.clock.advance({ minutes: 59 });
    assert.equal((await find())?.user.email, "alice@example.com");
  }
  server.clock.advance({ hours: 1 });
  assert.equal(await find(), undefined);
});

testOnEachDatabase("a session ends however much it is used", async (location) => {
  await using server = await testServer(location);
  const { find } = await signedIn(server);
  for (let use = 0; use < 19; use++) {
    server.clock.advance({ minutes: 30 });
    assert.ok(await find());
  }
  server.clock.advance({ minutes: 30 });
  assert.equal(await find(), undefined);
});

testOnEachDatabase("a disabled person's sessions end, and stay ended", async (location) => {
  await using server = await testServer(location);
  const { sql, find, userId } = await signedIn(server);
  const now = new Date(server.clock.now());
  assert.ok(await setUserDisabled(sql, "ALICE@example.com", true, now));
  assert.equal(await find(), undefined);
  const late = { tokenHash: tokenHash("late"), userId, now, address: "", userAgent: "" };
  assert.equal(await createSession(sql, { ...late, expiresAt: new Date(+now + HOUR) }), undefined);
  assert.ok(await setUserDisabled(sql, "alice@example.com", false, now));
  assert.equal(await find(), undefined);
  assert.equal(await setUserDisabled(sql, "bob@example.com", true, now), undefined);
});

testOnEachDatabase(
  "a session that ended is remembered as a place, until the clean-up",
  async (location) => {
    await using server = await testServer(location);
    const { sql, find, userId, sessionId } = await signedIn(server);
    await endSession(sql, { id: sessionId!, now: new Date(server.clock.now()) });
    assert.equal(await find(), undefined);
    server.clock.advance({ minutes: 1 });
    const second = await signedIn(server, "second", "2001:db8::1");
    assert.deepEqual(await signInAddresses(sql, userId), ["2001:db8::1", "192.0.2.7"]);
    await deleteOldSessions(sql, new Date(server.clock.now()), 100);
    assert.deepEqual(await signInAddresses(sql, userId), ["2001:db8::1"]);
    assert.ok(await second.find());
  },
);
