import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  deleteOldDelegatedTokens,
  findAncestors,
  findDelegatedToken,
  insertDelegatedToken,
  listDelegatedTokens,
  revokeDelegatedTokens,
} from "../../../server/store/delegated_tokens.ts";
import {
  revokeRefreshTokenFamily,
  useActiveLogin,
} from "../../../server/store/refresh_token_families.ts";
import { revokeAccessToken } from "../../../server/store/revoked_access_tokens.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

async function add(
  { sql, at }: TestStore,
  loginId: string,
  { ancestors = [], minutes = 0, maxActive = 200 }: {
    ancestors?: string[];
    /** After the start of the test; tokens expire an hour later. */
    minutes?: number;
    maxActive?: number;
  } = {},
): Promise<string | undefined> {
  const id = randomUUID();
  const token = {
    id,
    loginId,
    actorName: "agent",
    scope: "read",
    resource: "https://api.example",
    createdAt: at({ minutes }),
    expiresAt: at({ minutes: minutes + 60 }),
    address: "192.0.2.1",
    userAgent: "test/1",
    ancestors,
  };
  const isNew = await sql.begin((tx) => insertDelegatedToken(tx, token, maxActive));
  return isNew ? id : undefined;
}

testStore("delegated_tokens", {
  async "lists the active tokens of logins, newest first"(store) {
    const { sql, at, addUser, addLogin } = store;
    const { id: userId } = await addUser();
    const [login, other, third] = await Promise.all([1, 2, 3].map(() => addLogin(userId)));
    const ids = [
      await add(store, login),
      await add(store, login, { minutes: 1 }),
      await add(store, other, { minutes: 2 }),
    ];
    await add(store, third);
    const listed = async (minutes: number) =>
      (await listDelegatedTokens(sql, {
        loginIds: [login, other],
        now: at({ minutes }),
        limit: 10,
      })).map(({ id }) => id);
    assert.deepEqual(await listed(5), ids.toReversed());
    assert.deepEqual(await listed(60), [ids[2], ids[1]]);
    assert.deepEqual(await listDelegatedTokens(sql, { loginIds: [], now: at({}), limit: 10 }), []);
    const token = (await findDelegatedToken(sql, { id: ids[0]!, userId, now: at({}) }))!;
    assert.deepEqual([token.loginId, token.actorName], [login, "agent"]);
  },
  async "finds no token of another user, of a revoked login, or that expired"(store) {
    const { sql, at, addUser, addLogin } = store;
    const [alice, bob] = [await addUser(), await addUser()];
    const login = await addLogin(alice.id);
    const id = (await add(store, login))!;
    const find = (userId: string, minutes = 0) =>
      findDelegatedToken(sql, { id, userId, now: at({ minutes }) });
    assert.ok(await find(alice.id));
    assert.equal(await find(bob.id), undefined);
    assert.equal(await find(alice.id, 60), undefined);
    await revokeRefreshTokenFamily(sql, { id: login, reason: "user", now: at({}) });
    assert.equal(await find(alice.id), undefined);
  },
  async "inserts no more than the maximum of active tokens"(store) {
    const { addUser, addLogin } = store;
    const { id: userId } = await addUser();
    const [login, other] = [await addLogin(userId), await addLogin(userId)];
    assert.ok(await add(store, login, { maxActive: 2 }));
    assert.ok(await add(store, login, { maxActive: 2 }));
    assert.equal(await add(store, login, { maxActive: 2 }), undefined);
    assert.ok(await add(store, other, { maxActive: 2 }));
    assert.ok(await add(store, login, { maxActive: 2, minutes: 60 }));
  },
  async "keeps the expired tokens of a login that is in use for an hour"(store) {
    const { sql, addUser, addLogin } = store;
    const login = await addLogin((await addUser()).id);
    const ids = [await add(store, login), await add(store, login, { minutes: 90 })];
    ids.push(await add(store, login, { minutes: 121 }));
    const rows = await sql<{ id: string }[]>`select id from delegated_tokens`;
    assert.deepEqual(rows.map(({ id }) => id).sort(), ids.slice(1).sort());
  },
  async "revokes a token with its descendants, once"(store) {
    const { sql, at, addUser, addLogin } = store;
    const login = await addLogin((await addUser()).id);
    const parent = (await add(store, login))!;
    const child = (await add(store, login, { ancestors: ["of a login", parent] }))!;
    const other = (await add(store, login, { ancestors: ["of a login"] }))!;
    const revoke = (jti: string) =>
      sql.begin((tx) =>
        revokeDelegatedTokens(tx, { loginId: login, jti, reason: "user", now: at({}) })
      );
    assert.deepEqual((await revoke(parent)).toSorted(), [parent, child].toSorted());
    assert.deepEqual(await revoke(parent), []);
    const ancestors = (jti: string, delegatedTokenId?: string) =>
      sql.begin((tx) => findAncestors(tx, { jti, delegatedTokenId }));
    assert.equal(await ancestors(parent, parent), undefined);
    assert.deepEqual(await ancestors(other, other), ["of a login"]);
    assert.deepEqual(await ancestors("of a login"), []);
    await revokeAccessToken(sql, "of a login", at({ hours: 1 }));
    assert.equal(await ancestors("of a login"), undefined);
    assert.deepEqual(await revoke("of a login"), [other]);
  },
  async "uses a login only while it and its user are active"({ sql, at, addUser, addLogin }) {
    const { id: userId } = await addUser();
    const id = await addLogin(userId);
    const use = (hours: number, hash?: Uint8Array) =>
      sql.begin((tx) => useActiveLogin(tx, { id, hash, now: at({ hours }) }));
    const used = await use(2);
    assert.deepEqual(used?.lastUsedAt, at({ hours: 2 }));
    // A replica whose clock is behind does not set it back.
    assert.deepEqual((await use(1))?.lastUsedAt, at({ hours: 2 }));
    assert.equal(await use(1, new Uint8Array(32)), undefined);
    assert.equal(await use(24 * 400), undefined);
    await sql`update users set disabled_at = ${at({})} where id = ${userId}`;
    assert.equal(await use(1), undefined);
  },
  async "deletes what expired, and what belonged to a login"(store) {
    const { sql, at, addUser, addLogin } = store;
    const login = await addLogin((await addUser()).id);
    await add(store, login);
    await add(store, login, { minutes: 1 });
    assert.equal(await deleteOldDelegatedTokens(sql, at({ minutes: 61 }), 10), 1);
    await sql`delete from refresh_token_families`;
    assert.equal(await deleteOldDelegatedTokens(sql, at({ hours: 9 }), 10), 0);
  },
});
