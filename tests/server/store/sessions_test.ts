/** Browser sessions: two lifetimes, and the end of their person is theirs. */
import assert from "node:assert/strict";
import {
  createSession,
  deleteOldSessions,
  findSession,
  findUnexpiredSession,
  listSessions,
  signInAddresses,
  signOutSession,
  signOutSessions,
} from "../../../server/store/sessions.ts";
import { setUserDisabled } from "../../../server/logins/user_access.ts";
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
    await signOutSession(sql, { id: sessionId!, now: new Date(server.clock.now()) });
    assert.equal(await find(), undefined);
    server.clock.advance({ minutes: 1 });
    const second = await signedIn(server, "second", "2001:db8::1");
    assert.deepEqual(await signInAddresses(sql, userId), ["2001:db8::1", "192.0.2.7"]);
    await deleteOldSessions(sql, new Date(server.clock.now()), 100);
    assert.deepEqual(await signInAddresses(sql, userId), ["2001:db8::1"]);
    assert.ok(await second.find());
  },
);

testOnEachDatabase(
  "a session is not found once its person is disabled, even before it is ended",
  async (location) => {
    await using server = await testServer(location);
    const { sql, find, userId } = await signedIn(server);
    await sql`update users set disabled_at = ${new Date(server.clock.now())}
      where id = ${userId}`;
    assert.equal(await find(), undefined);
    await sql`update users set disabled_at = null where id = ${userId}`;
    assert.ok(await find());
  },
);

testOnEachDatabase(
  "a browser is known for the person who signed in there, until that session is ended",
  async (location) => {
    await using server = await testServer(location);
    const { sql, userId, sessionId } = await signedIn(server);
    const other = await server.addUser();
    const known = (person: string, token = "token") =>
      findUnexpiredSession(sql, {
        tokenHash: tokenHash(token),
        userId: person,
        now: new Date(server.clock.now()),
      });
    server.clock.advance({ hours: 9 });
    assert.equal(await known(userId), sessionId, "idle, but not ended");
    assert.equal(await known(other.id), undefined, "whoever else uses this browser");
    assert.equal(await known(userId, "another browser"), undefined);
    server.clock.advance({ hours: 1 });
    assert.equal(await known(userId), undefined, "past its absolute end");
    server.clock.advance({ hours: -1 });
    await signOutSession(sql, { id: sessionId!, now: new Date(server.clock.now()) });
    assert.equal(await known(userId), undefined, "signed out");
  },
);

testOnEachDatabase(
  "only a person's living sessions are listed, and only those are ended with the rest",
  async (location) => {
    await using server = await testServer(location);
    const first = await signedIn(server, "first");
    const { sql, userId } = first;
    const other = await server.addUser();
    const now = () => new Date(server.clock.now());
    const theirs = await createSession(sql, {
      tokenHash: tokenHash("theirs"),
      userId: other.id,
      now: now(),
      expiresAt: new Date(server.clock.now() + 10 * HOUR),
      address: "",
      userAgent: "",
    });
    const list = async (person: string) => {
      const found = await listSessions(sql, {
        userId: person,
        idleSeconds: 3600,
        now: now(),
        limit: 10,
      });
      return found.map(({ id }) => id);
    };
    server.clock.advance({ minutes: 50 });
    const second = await signedIn(server, "second");
    const third = await signedIn(server, "third");
    assert.equal((await list(userId)).length, 3);
    assert.deepEqual(await list(other.id), [theirs]);
    server.clock.advance({ minutes: 20 });
    assert.deepEqual(
      (await list(userId)).sort(),
      [second.sessionId, third.sessionId].sort(),
      "without the one that nobody used",
    );
    await signOutSession(sql, { id: third.sessionId!, now: now() });
    assert.deepEqual(await list(userId), [second.sessionId], "nor the one that was ended");
    const [ended] = await sql`select expires_at from sessions where id = ${third.sessionId!}`;

    server.clock.advance({ minutes: 1 });
    const fourth = await signedIn(server, "fourth");
    // Idle ones count: without this they would work again with another idle time.
    assert.equal(await signOutSessions(sql, { userId, except: fourth.sessionId, now: now() }), 2);
    assert.deepEqual(await list(userId), [fourth.sessionId]);
    const ends = await sql`select expires_at from sessions where id = ${third.sessionId!}`;
    assert.deepEqual(ends[0], ended, "an end stays as it was");
    await signOutSession(sql, { id: third.sessionId!, now: now() });
    assert.deepEqual(
      (await sql`select expires_at from sessions where id = ${third.sessionId!}`)[0],
      ended,
    );
    const [{ expires_at }] = await sql`select expires_at from sessions where id = ${theirs!}`;
    assert.ok(expires_at > now(), "another person's goes on");
  },
);
