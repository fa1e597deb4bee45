import assert from "node:assert/strict";
import {
  countAttempt,
  deleteOldFailedAttempts,
  releaseAttempt,
} from "../../../server/store/failed_attempts.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const WINDOW_SECONDS = 60;

/** Counts an attempt unless one of its subjects has reached the limit of three. */
async function count(
  { sql, at }: TestStore,
  subjects: string[],
  seconds = 0,
  kind = "password",
) {
  return await countAttempt(
    sql,
    subjects.map((subject) => ({ kind, subject, limit: 3, windowSeconds: WINDOW_SECONDS })),
    at({ seconds }),
    (counts) => counts.every(({ blockedUntil }) => blockedUntil === undefined),
  );
}

testStore("failed_attempts", {
  async "admits no more attempts at the same time than the limit"(store) {
    await store.openConnections();
    const attempts = await Promise.all(
      Array.from({ length: 10 }, () => count(store, ["alice", "192.0.2.1"])),
    );
    assert.equal(attempts.filter(({ attempt }) => attempt !== undefined).length, 3);
  },
  async "does not deadlock on subjects in another order"(store) {
    await store.openConnections();
    const orders = [["alice", "192.0.2.1"], ["192.0.2.1", "alice"]];
    const attempts = await Promise.all(
      Array.from({ length: 10 }, (_, index) => count(store, orders[index % 2])),
    );
    assert.equal(attempts.filter(({ attempt }) => attempt !== undefined).length, 3);
  },
  async "does not count an attempt that is rejected"(store) {
    for (let attempts = 0; attempts < 5; attempts++) await count(store, ["alice"]);
    const [{ rows }] = await store.sql`select count(*)::int as rows from failed_attempts`;
    assert.equal(rows, 3);
  },
  async "blocks until the oldest of the counted attempts leaves the window"(store) {
    for (const seconds of [0, 10, 20]) await count(store, ["alice"], seconds);
    const { counts: [{ failures, blockedUntil }] } = await count(store, ["alice"], 59);
    assert.equal(failures, 3);
    assert.deepEqual(blockedUntil, store.at({ seconds: WINDOW_SECONDS }));
    assert.notEqual((await count(store, ["alice"], WINDOW_SECONDS)).attempt, undefined);
  },
  async "counts each kind and each subject separately"(store) {
    for (let attempts = 0; attempts < 3; attempts++) await count(store, ["alice"]);
    assert.equal((await count(store, ["alice"])).attempt, undefined);
    assert.notEqual((await count(store, ["bob"])).attempt, undefined);
    assert.notEqual((await count(store, ["alice"], 0, "user_code")).attempt, undefined);
  },
  async "releases only the attempt itself"(store) {
    await count(store, ["alice"]);
    const { attempt } = await count(store, ["alice", "192.0.2.1"]);
    await releaseAttempt(store.sql, attempt!);
    const { counts } = await count(store, ["alice", "192.0.2.1"]);
    assert.deepEqual(counts.map(({ failures }) => failures), [1, 0]);
  },
  async "deletes old attempts, at most as many as allowed"(store) {
    for (const seconds of [0, 1, 2]) await count(store, ["alice"], seconds);
    const before = store.at({ seconds: 2 });
    assert.equal(await deleteOldFailedAttempts(store.sql, before, 1), 1);
    assert.equal(await deleteOldFailedAttempts(store.sql, before, 10), 1);
    assert.equal(await deleteOldFailedAttempts(store.sql, before, 10), 0);
  },
});
