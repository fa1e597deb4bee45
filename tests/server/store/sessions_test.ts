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
import { findUser } from "../../../server/store/users.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";
import { passwordSignIn } from "../../support/password_sign_in.ts";

/** A session that expires after ten hours, or one hour without use. */
async function addSession(store: TestStore) {
  const user = await store.addUser();
  const id = await store.addSession(user.id, "token");
  const find = async (minutes: number) =>
    (await findSession(store.sql, {
      tokenHash: tokenHash("token"),
      idleSeconds: 3600,
      now: store.at({ minutes }),
    }))?.id;
  return { user, id, find };
}

testStore("sessions", {
  async "expires a session that is not used"(store) {
    const { id, find } = await addSession(store);
    for (const minutes of [59, 118, 177]) assert.equal(await find(minutes), id);
    assert.equal(await find(237), undefined);
  },
  async "expires a session however much it is used"(store) {
    const { id, find } = await addSession(store);
    for (let minutes = 30; minutes < 600; minutes += 30) assert.equal(await find(minutes), id);
    assert.equal(await find(600), undefined);
  },
  async "neither finds nor creates sessions of a disabled user"(store) {
    const { user, id, find } = await addSession(store);
    const { sql, at } = store;
    const create = () =>
      createSession(sql, {
        tokenHash: tokenHash("second"),
        userId: user.id,
        ...passwordSignIn(user),
        now: at({}),
        expiresAt: at({ hours: 1 }),
        address: "",
        userAgent: "",
      });
    await sql`update users set disabled_at = ${at({})}`;
    assert.equal(await find(1), undefined);
    assert.equal(await create(), undefined);
    await sql`update users set disabled_at = null`;
    assert.equal(await find(1), id);
    assert.notEqual(await create(), undefined);
  },
  async "creates no session with a password that is being changed"(store) {
    const user = await store.addUser();
    const { sql, at } = store;
    let created!: Promise<string | undefined>;
    await sql.begin(async (tx) => {
      await tx`update users set password_hash = 'other' where id = ${user.id}`;
      const session = {
        tokenHash: tokenHash("token"),
        userId: user.id,
        ...passwordSignIn(user),
        now: at({}),
        expiresAt: at({ hours: 1 }),
        address: "",
        userAgent: "",
      };
      created = createSession(sql, session);
      // Sends it, whether or not it then waits for this transaction.
      await Promise.race([created, new Promise((resolve) => setTimeout(resolve, 50))]);
      await signOutSessions(tx, { userId: user.id, now: at({}) });
    });
    assert.equal(await created, undefined);
    assert.equal((await findUser(sql, user.id))?.lastSignedInAt, undefined);
  },
  async "records when a user last signed in"(store) {
    const { user } = await addSession(store);
    assert.deepEqual((await findUser(store.sql, user.id))?.lastSignedInAt, store.at({}));
  },
  async "returns the addresses of signed-out sessions until they are deleted"(store) {
    const { user, id, find } = await addSession(store);
    const { sql, at } = store;
    await signOutSession(sql, { id, now: at({}) });
    assert.equal(await find(1), undefined);
    await createSession(sql, {
      tokenHash: tokenHash("second"),
      userId: user.id,
      ...passwordSignIn(user),
      now: at({ minutes: 1 }),
      expiresAt: at({ hours: 10 }),
      address: "2001:db8::1",
      userAgent: "",
    });
    assert.deepEqual(await signInAddresses(sql, user.id), ["2001:db8::1", "192.0.2.1"]);
    assert.equal(await deleteOldSessions(sql, at({ minutes: 1 }), 100), 1);
    assert.deepEqual(await signInAddresses(sql, user.id), ["2001:db8::1"]);
  },
  async "knows the browser of a user until that session is signed out or expires"(store) {
    const { user, id } = await addSession(store);
    const other = await store.addUser();
    const { sql, at } = store;
    const known = (hours: number, userId = user.id, token = "token") =>
      findUnexpiredSession(sql, { tokenHash: tokenHash(token), userId, now: at({ hours }) });
    assert.equal(await known(9), id, "not used for long, but not signed out");
    assert.equal(await known(9, other.id), undefined, "another user of this browser");
    assert.equal(await known(9, user.id, "another browser"), undefined);
    assert.equal(await known(10), undefined, "past the absolute expiry");
    await signOutSession(sql, { id, now: at({ hours: 9 }) });
    assert.equal(await known(9), undefined, "signed out");
  },
  async "lists a user's active sessions"(store) {
    const { sql, at, addUser, addSession: add } = store;
    const [user, other] = [await addUser(), await addUser()];
    const [idle, used, signedOut] = [await add(user.id), await add(user.id), await add(user.id)];
    const others = await add(other.id);
    const list = async (userId: string, minutes: number) =>
      (await listSessions(sql, { userId, idleSeconds: 3600, now: at({ minutes }), limit: 10 }))
        .map(({ id }) => id);
    assert.deepEqual((await list(user.id, 0)).sort(), [idle, used, signedOut].sort());
    assert.deepEqual(await list(other.id, 0), [others]);
    await sql`update sessions set last_seen_at = ${at({ minutes: 50 })} where id <> ${idle}`;
    assert.deepEqual((await list(user.id, 70)).sort(), [used, signedOut].sort());
    await signOutSession(sql, { id: signedOut, now: at({ minutes: 70 }) });
    assert.deepEqual(await list(user.id, 70), [used]);
  },
  async "signs out all sessions of a user except one"(store) {
    const { sql, at, addUser, addSession: add } = store;
    const [user, other] = [await addUser(), await addUser()];
    const [idle, signedOut, kept] = [await add(user.id), await add(user.id), await add(user.id)];
    const others = await add(other.id);
    await signOutSession(sql, { id: signedOut, now: at({ minutes: 1 }) });
    // Sessions that are not used for long count: a longer idle timeout would make them valid again.
    const now = at({ minutes: 120 });
    assert.equal(await signOutSessions(sql, { userId: user.id, except: kept, now }), 1);
    const rows = await sql`select id, expires_at from sessions`;
    const expiry = (id: string) => rows.find((row) => row.id === id)!.expires_at;
    assert.deepEqual(expiry(idle), now);
    assert.deepEqual(expiry(signedOut), at({ minutes: 1 }), "it was signed out before");
    assert.deepEqual([kept, others].map(expiry), [at({ hours: 10 }), at({ hours: 10 })]);
  },
  async "keeps the time at which a session was signed out first"(store) {
    const { id } = await addSession(store);
    const { sql, at } = store;
    await signOutSession(sql, { id, now: at({ minutes: 1 }) });
    await signOutSession(sql, { id, now: at({ minutes: 2 }) });
    const [{ expires_at }] = await sql`select expires_at from sessions`;
    assert.deepEqual(expires_at, at({ minutes: 1 }));
  },
});
