import assert from "node:assert/strict";
import { passwordFactor } from "../../../server/sign_in/first_factor.ts";
import {
  deleteOldPendingSignIns,
  findPendingSignIn,
  insertPendingSignIn,
  usePendingSignIn,
} from "../../../server/store/pending_sign_ins.ts";
import { replaceRecoveryCodes, useRecoveryCode } from "../../../server/store/recovery_codes.ts";
import { deleteSecondFactors, findSecondFactors } from "../../../server/store/second_factors.ts";
import { setDisabledAt } from "../../../server/store/users.ts";
import {
  acceptTotpStep,
  deleteOldTotpEnrollments,
  findTotpAuthenticator,
  findTotpEnrollment,
  insertTotpAuthenticator,
  insertTotpEnrollment,
  useTotpEnrollment,
} from "../../../server/store/totp_authenticators.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const SECRET = new Uint8Array([0, 1, 2, 3]);

async function addApp({ sql, at }: TestStore, userId: string, step = 100, replaces = false) {
  const app = { userId, secret: SECRET, step, now: at({}), replaces };
  return await sql.begin((tx) => insertTotpAuthenticator(tx, app));
}

function pendingKey(token: string) {
  return { tokenHash: tokenHash(token), browserHash: tokenHash("browser") };
}

async function addPending({ sql, at }: TestStore, userId: string, token = "pending", minutes = 0) {
  await insertPendingSignIn(sql, {
    ...pendingKey(token),
    userId,
    first: passwordFactor({ passwordHash: "$scrypt$" }),
    next: "/tokens",
    requiredAcr: "2fa",
    now: at({ minutes }),
    expiresAt: at({ minutes: minutes + 15 }),
  });
}

testStore("second factors", {
  async "accepts each time step once, and none before it"(store) {
    const { sql, at } = store;
    const { id: userId } = await store.addUser();
    assert.equal(await addApp(store, userId), true);
    assert.equal(await addApp(store, userId), false, "it is not replaced");
    const accept = (step: number, secret = SECRET) =>
      acceptTotpStep(sql, { userId, secret, step, now: at({ minutes: 1 }) });
    assert.equal(await accept(100), false, "the code that confirmed it");
    assert.equal(await accept(101, new Uint8Array([9])), false, "of the app before");
    const attempts = await Promise.all(Array.from({ length: 5 }, () => accept(101)));
    assert.equal(attempts.filter(Boolean).length, 1);
    assert.equal(await accept(99), false);
    assert.equal(await accept(102), true);
    assert.deepEqual((await findTotpAuthenticator(sql, userId))?.lastUsedAt, at({ minutes: 1 }));
    assert.equal(await addApp(store, userId, 200, true), true);
    assert.equal(await accept(200), false);
  },
  async "uses each recovery code once, and only its user's"(store) {
    const { sql } = store;
    const { id: userId } = await store.addUser();
    const { id: otherId } = await store.addUser();
    const hashes = [tokenHash("a"), tokenHash("b")];
    await sql.begin((tx) => replaceRecoveryCodes(tx, { userId, hashes, now: store.at({}) }));
    const use = (id: string, code: string) =>
      sql.begin((tx) => useRecoveryCode(tx, { userId: id, hash: tokenHash(code) }));
    assert.equal(await use(otherId, "a"), undefined);
    const left = await Promise.all([use(userId, "a"), use(userId, "a"), use(userId, "a")]);
    assert.deepEqual(left.filter((count) => count !== undefined), [1]);
    assert.equal(await use(userId, "c"), undefined);
  },
  async "finds a pending sign-in only in its browser, in time, for an active user"(store) {
    const { sql, at } = store;
    const { id: userId } = await store.addUser();
    await addPending(store, userId);
    const key = pendingKey("pending");
    const find = (more: Partial<Parameters<typeof findPendingSignIn>[1]> = {}) =>
      findPendingSignIn(sql, { ...key, now: at({ minutes: 14 }), ...more });
    const pending = await find();
    assert.deepEqual([pending?.user.id, pending?.next, pending?.requiredAcr], [
      userId,
      "/tokens",
      "2fa",
    ]);
    assert.deepEqual(pending?.first, passwordFactor({ passwordHash: "$scrypt$" }));
    assert.equal(await find({ browserHash: tokenHash("another") }), undefined);
    assert.equal(await find({ now: at({ minutes: 15 }) }), undefined);
    const change = { disabled: true, now: at({}) };
    await sql.begin((tx) => setDisabledAt(tx, userId, change));
    assert.equal(await find(), undefined);
  },
  async "uses a pending sign-in once"(store) {
    const { id: userId } = await store.addUser();
    await addPending(store, userId);
    const key = { ...pendingKey("pending"), now: store.at({}) };
    const used = await Promise.all(
      Array.from({ length: 5 }, () => usePendingSignIn(store.sql, key)),
    );
    assert.equal(used.filter(Boolean).length, 1);
  },
  async "keeps the newest pending sign-ins of a user, and deletes those that expired"(store) {
    const { sql, at } = store;
    const { id: userId } = await store.addUser();
    for (let index = 0; index < 25; index++) {
      await addPending(store, userId, `pending ${index}`, index);
    }
    const count = async () => (await sql`select 1 from pending_sign_ins`).length;
    assert.equal(await count(), 20);
    assert.equal(await deleteOldPendingSignIns(sql, at({ minutes: 25 }), 100), 5);
    assert.equal(await count(), 15);
  },
  async "confirms an enrollment once, in the browser that has started it"(store) {
    const { sql, at } = store;
    const { id: userId } = await store.addUser();
    const { id: otherId } = await store.addUser();
    const enrollment = { holder: "session 1", userId, secret: SECRET };
    await insertTotpEnrollment(sql, { ...enrollment, expiresAt: at({ minutes: 15 }) });
    const now = at({ minutes: 1 });
    for (
      const [query, exists] of [
        [{ holder: "session 1", userId, now }, true],
        [{ holder: "session 2", userId, now }, false],
        [{ holder: "session 1", userId: otherId, now }, false],
        [{ holder: "session 1", userId, now: at({ minutes: 15 }) }, false],
      ] as const
    ) {
      assert.equal(await findTotpEnrollment(sql, query) !== undefined, exists);
    }
    const use = () =>
      sql.begin((tx) => useTotpEnrollment(tx, { holder: "session 1", userId, now }));
    const used = await Promise.all([use(), use(), use()]);
    assert.equal(used.filter(Boolean).length, 1);
    await insertTotpEnrollment(sql, { ...enrollment, expiresAt: at({ minutes: 15 }) });
    assert.equal(await deleteOldTotpEnrollments(sql, at({ minutes: 16 }), 100), 1);
  },
  async "deletes all second factors of a user"(store) {
    const { sql } = store;
    const { id: userId } = await store.addUser();
    await addApp(store, userId);
    const hashes = [tokenHash("a")];
    await sql.begin((tx) => replaceRecoveryCodes(tx, { userId, hashes, now: store.at({}) }));
    const removed = await sql.begin((tx) => deleteSecondFactors(tx, userId));
    assert.deepEqual(removed, { totp: true, passkeys: 0, blockedPasskeys: 0, recoveryCodes: 1 });
    const left = await findSecondFactors(sql, userId);
    assert.deepEqual(left, { totp: false, passkeys: 0, blockedPasskeys: 0, recoveryCodes: 0 });
  },
});
