/**
 * Rotation is one statement, so that races have one winner. Each of its conditions is tested where
 * only it decides: outside of a race another check rejects first.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  deleteOldRefreshTokenFamilies,
  findActiveLogin,
  findRefreshTokenFamily,
  listRefreshTokenFamilies,
  lockActiveLogin,
  renameRefreshTokenFamily,
  revokeRefreshTokenFamilies,
  revokeRefreshTokenFamily,
  sweepUnusedRefreshTokenFamilies,
} from "../../../server/store/refresh_token_families.ts";
import { rotateRefreshToken } from "../../../server/store/rotate_refresh_token.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

/** A login as the grant reads it, just before it rotates the token. */
async function addLogin(store: TestStore) {
  const { sql, at } = store;
  const user = await store.addUser();
  const id = await store.addLogin(user.id);
  const handleHash = tokenHash(`handle ${id}`);
  const first = tokenHash(`first ${id}`);
  return {
    id,
    user,
    first,
    rotate: ({ days = 0, hash = first, idleDays = 30, successor = randomUUID() as string } = {}) =>
      rotateRefreshToken(sql, {
        current: { handleHash, hash },
        successorHash: tokenHash(successor),
        idleExpiresAt: at({ days: days + idleDays }),
        now: at({ days }),
      }),
    find: (hash: Uint8Array) => findRefreshTokenFamily(sql, { handleHash, hash }),
  };
}

testStore("refresh_token_families", {
  async "rotates the current token for one of many at the same time"(store) {
    const { rotate } = await addLogin(store);
    await store.openConnections();
    const rotated = await Promise.all(Array.from({ length: 10 }, () => rotate()));
    assert.equal(rotated.filter((expiry) => expiry !== undefined).length, 1);
  },
  async "rotates only the current token"(store) {
    const { first, rotate } = await addLogin(store);
    assert.equal(await rotate({ hash: tokenHash("another") }), undefined);
    assert.notEqual(await rotate(), undefined);
    assert.equal(await rotate({ hash: first }), undefined, "rotated before");
  },
  async "knows the current token, the previous one and spent ones"(store) {
    const { first, rotate, find } = await addLogin(store);
    assert.equal((await find(first))?.token, "current");
    await rotate({ successor: "second" });
    assert.equal((await find(first))?.token, "previous");
    assert.equal((await find(tokenHash("second")))?.token, "current");
    await rotate({ hash: tokenHash("second"), successor: "third" });
    assert.equal((await find(first))?.token, "spent");
    assert.equal((await find(tokenHash("forged")))?.token, "spent");
  },
  async "does not rotate a token of a revoked login"(store) {
    const { id, rotate } = await addLogin(store);
    await revokeRefreshTokenFamily(store.sql, { id, reason: "test", now: store.at({}) });
    assert.equal(await rotate(), undefined);
  },
  async "does not rotate a token of a disabled user"(store) {
    const { user, rotate, find, first } = await addLogin(store);
    await store.sql`update users set disabled_at = ${store.at({})} where id = ${user.id}`;
    assert.equal(await rotate(), undefined);
    assert.equal((await find(first))?.userDisabled, true);
    await store.sql`update users set disabled_at = null where id = ${user.id}`;
    assert.notEqual(await rotate(), undefined);
  },
  async "does not rotate a token of an expired login"(store) {
    const idle = await addLogin(store);
    assert.equal(await idle.rotate({ days: 30 }), undefined);
    assert.notEqual(await idle.rotate({ days: 29 }), undefined);
    const absolute = await addLogin(store);
    await store.sql`
      update refresh_token_families set idle_expires_at = ${store.at({ days: 1000 })}
      where id = ${absolute.id}`;
    assert.equal(await absolute.rotate({ days: 365 }), undefined);
    assert.notEqual(await absolute.rotate({ days: 364 }), undefined);
  },
  async "never extends the idle expiry beyond the absolute one"(store) {
    const { id, rotate } = await addLogin(store);
    const year = store.at({ days: 365 });
    assert.deepEqual(await rotate({ days: 20, idleDays: 1000 }), year);
    const [row] = await store.sql`
      select idle_expires_at from refresh_token_families where id = ${id}`;
    assert.deepEqual(row.idle_expires_at, year);
  },
  async "revokes a login once, and keeps the first reason"(store) {
    const { sql, at } = store;
    const [{ id, user }, other] = [await addLogin(store), await addLogin(store)];
    const revoke = (reason: string, days: number) =>
      revokeRefreshTokenFamily(sql, { id, reason, now: at({ days }) });
    assert.equal(await revoke("client", 0), true);
    assert.equal(await revoke("user", 1), false);
    const again = { reason: "user", now: at({ days: 1 }) };
    assert.deepEqual(await revokeRefreshTokenFamilies(sql, { userId: user.id, ...again }), []);
    const [row] = await sql`
      select revoked_at, revoked_reason from refresh_token_families where id = ${id}`;
    assert.deepEqual([row.revoked_at, row.revoked_reason], [at({}), "client"]);
    assert.deepEqual(
      await revokeRefreshTokenFamilies(sql, { userId: other.user.id, ...again }),
      [other.id],
    );
  },
  async "renames an active login of the same user only"(store) {
    const { sql, at } = store;
    const [{ id, user }, other] = [await addLogin(store), await addLogin(store)];
    const rename = (userId: string, days = 0) =>
      renameRefreshTokenFamily(sql, { id, userId, name: `day ${days}`, now: at({ days }) });
    assert.equal(await rename(other.user.id), false);
    assert.equal(await rename(user.id), true);
    assert.equal(await rename(user.id, 30), false);
    assert.equal((await findActiveLogin(sql, { id, now: at({}) }))?.name, "day 0");
    assert.equal((await findActiveLogin(sql, { id: other.id, now: at({}) }))?.name, undefined);
    await revokeRefreshTokenFamily(sql, { id, reason: "test", now: at({}) });
    assert.equal(await rename(user.id), false);
  },
  async "returns a login as active until it is revoked or expires"(store) {
    const { sql, at } = store;
    const { id, user } = await addLogin(store);
    await addLogin(store);
    const isActive = async (days: number) => {
      const query = { id, now: at({ days }) };
      const active = await findActiveLogin(sql, query) !== undefined;
      assert.equal(await sql.begin((tx) => lockActiveLogin(tx, query)), active);
      const listed = await listRefreshTokenFamilies(sql, {
        userId: user.id,
        now: at({ days }),
        limit: 10,
      });
      assert.deepEqual(listed.map((login) => login.id), active ? [id] : []);
      return active;
    };
    assert.equal(await isActive(29), true);
    assert.equal(await isActive(30), false, "not used for too long");
    await sql`
      update refresh_token_families set idle_expires_at = ${at({ days: 1000 })} where id = ${id}`;
    assert.equal(await isActive(364), true);
    assert.equal(await isActive(365), false, "past the absolute expiry");
    await revokeRefreshTokenFamily(sql, { id, reason: "test", now: at({ days: 1 }) });
    assert.equal(await isActive(2), false, "revoked");
  },
  async "deletes logins that were revoked or expired before"(store) {
    const { sql, at } = store;
    const [revoked] = [await addLogin(store), await addLogin(store)];
    await revokeRefreshTokenFamily(sql, { id: revoked.id, reason: "test", now: at({ days: 1 }) });
    const remove = (days: number) => deleteOldRefreshTokenFamilies(sql, at({ days }), 10);
    assert.equal(await remove(1), 0);
    assert.equal(await remove(2), 1);
    assert.equal(await remove(365), 0);
    assert.equal(await remove(366), 1);
  },
  async "deletes unused logins in the order of their ids, some at a time"(store) {
    const { sql, at } = store;
    const logins = [await addLogin(store), await addLogin(store), await addLogin(store)];
    const ids = logins.map(({ id }) => id).toSorted();
    await sql`
      update refresh_token_families set idle_expires_at = ${at({ days: 60 })}
      where id = ${ids[1]}`;
    const sweep = (after: string) =>
      sweepUnusedRefreshTokenFamilies(sql, { before: at({ days: 31 }), after, limit: 2 });
    assert.deepEqual(await sweep("00000000-0000-0000-0000-000000000000"), {
      last: ids[1],
      deleted: 1,
    });
    assert.deepEqual(await sweep(ids[1]), { last: ids[2], deleted: 1 });
    assert.deepEqual(await sweep(ids[2]), { last: undefined, deleted: 0 });
    const left = await sql<{ id: string }[]>`select id from refresh_token_families`;
    assert.deepEqual(left.map(({ id }) => id), [ids[1]]);
  },
});
